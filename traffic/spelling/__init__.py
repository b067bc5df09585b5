"""Known values as byte patterns: every spelling in every encoding that is looked for."""

from traffic.spelling.common import KEY_WORDS, is_placeholder
from traffic.spelling.expansion import expand
from traffic.spelling.pattern import Boundary, Form, Need, Pattern, Spelling
from traffic.spelling.texts import spellings

__all__ = ["KEY_WORDS", "Boundary", "Form", "Need", "Pattern", "Spelling", "expand", "is_placeholder", "spellings"]
