"""Written text made fit for speech: sentences out of a stream, markup and numbers in words, how done words sound."""

from __future__ import annotations

from syrinx.text.completeness import completeness, is_backchannel, word_count
from syrinx.text.segmentation import Segment, SentenceSegmenter, split_sentences
from syrinx.text.speakable import prepare, speakable
from syrinx.text.speaker_tags import SpeakerTagParser

__all__ = [
    "Segment",
    "SentenceSegmenter",
    "SpeakerTagParser",
    "completeness",
    "is_backchannel",
    "prepare",
    "speakable",
    "split_sentences",
    "word_count",
]
