"""Conversation files made of chats and of plugins."""
