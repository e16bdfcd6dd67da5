"""What an answer becomes: text for the model, citations and cards for the person."""
