"""Written text made fit for speech: sentences out of a stream, markup and numbers in words, how done words sound."""

from __future__ import annotations

from syrinx.text.segmentation import Segment, SentenceSegmenter, split_sentences

__all__ = ["Segment", "SentenceSegmenter", "split_sentences"]
