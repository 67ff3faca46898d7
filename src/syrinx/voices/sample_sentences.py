"""What a new voice says when nobody tells it what to say, in each language that voices here speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SENTENCES: Final[Mapping[str, str]] = {
    "en": "Hello! This is how my voice sounds when a machine speaks with it.",
    "de": "Hallo! So klingt meine Stimme, wenn eine Maschine mit ihr spricht.",
    "fr": "Bonjour ! Voici ma voix quand une machine parle avec elle.",
    "es": "¡Hola! Así suena mi voz cuando una máquina habla con ella.",
    "it": "Ciao! Così suona la mia voce quando una macchina parla con lei.",
    "pt": "Olá! É assim que soa a minha voz quando uma máquina fala com ela.",
    "nl": "Hallo! Zo klinkt mijn stem als een machine ermee spreekt.",
    "pl": "Cześć! Tak brzmi mój głos, kiedy mówi nim maszyna.",
    "ru": "Привет! Так звучит мой голос, когда им говорит машина.",
    "hi": "नमस्ते! जब मशीन मेरी आवाज़ में बोलती है तो वह ऐसी लगती है।",
    "ja": "こんにちは。機械が話すと、私の声はこのように聞こえます。",
    "zh": "你好！这就是机器用我的声音说话的样子。",
}


def sample_sentence(language: str) -> str:
    """In English where there is none in the language (BCP 47)."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return _SENTENCES.get(primary, _SENTENCES["en"])
