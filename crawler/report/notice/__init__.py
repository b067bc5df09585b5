"""Letters about a case: rectification notice, reminder, takedown notice, closing letter, circular, reply form."""
