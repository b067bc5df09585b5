"""Draws labelled Android screens: dialogs, pages and tricks in many wordings, with the truth about each from its own DOM."""
