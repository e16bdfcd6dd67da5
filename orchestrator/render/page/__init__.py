"""A page that shows cards with Microsoft's renderer, which lies here beside its licences."""
