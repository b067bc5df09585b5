"""Decodings: what an app may wrap a value in, undone by looking at the bytes."""

from traffic.decode.budget import Budget, Limits
from traffic.decode.content import entropy, is_text
from traffic.decode.node import Batch, Node, Step, Where
from traffic.decode.tree import DecodeTree

__all__ = ["Batch", "Budget", "DecodeTree", "Limits", "Node", "Step", "Where", "entropy", "is_text"]
