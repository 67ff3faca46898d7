"""Pieces that the companion can tell, in English: long enough to try listening to a long reply and interrupting it."""

from __future__ import annotations

from typing import Final

STORIES: Final = (
    (
        "Gladly. There was once a lighthouse keeper who talked to the fog. Every evening he told it about his "
        "day: the gulls, the soup, the squeaking third stair. The fog never answered, but it leaned against the "
        "windows and stayed until he had finished. One autumn he fell ill and said nothing for a week. On the "
        "eighth night the ships' captains saw something strange: the fog had drawn itself away from the rocks, "
        "in a wide ring, so that everyone could find the harbour without him. When he was well again he opened "
        "the window and said thank you. And the third stair, they say, has not squeaked since."
    ),
    (
        "With pleasure. A clockmaker had a daughter who could not sleep, because every clock in the house ticked "
        "at its own pace. He tried wool, and wax, and closed doors, and nothing helped. So one night he sat down "
        "and set the pendulums one by one, until all forty of them swung together. The house took a single slow "
        "breath, and then another. The girl smiled, turned over and slept. In the morning all the clocks were "
        "wrong, every one by the same seven minutes. He left them so, and that is why the trains in that town "
        "have always waited a little."
    ),
    (
        "Yes, here is a small one. A fox found a mirror in the snow and thought it was a window into another "
        "forest. The fox on the other side looked cold, so she brought it a pine cone, and it brought her one at "
        "the same moment. She bowed, and it bowed. All winter they met there, two careful strangers being kind "
        "to each other. In spring the snow melted and the mirror sank into the moss. The fox was sad for a day. "
        "Then she met a badger who looked cold, and she already knew what to do."
    ),
)

VERSES: Final = (
    (
        "Here is one of mine. The rain has learned a single word and says it to the street. The street says nothing, "
        "having heard, but shines beneath my feet. The lamp is reading by its light, the gate is half asleep, and "
        "somewhere out of hearing, night is counting all its sheep."
    ),
    (
        "Very well, a short one. A reed stood up beside the stream and did not know its name. The wind came by "
        "as if in dream, and out a whistle came. The reed said, did you make that sound? The wind said, no, did "
        "you? And ever since they go around and play it, one for two."
    ),
)

JOKES: Final = (
    (
        "All right, but you have been warned. Why did the microphone go to bed early? It had picked up too much "
        "during the day."
    ),
    "Here goes. I wanted to tell you a joke about silence. But it only works when nobody tells it.",
    (
        "I know a small one. What does a script say when it has nothing to say? Exactly this, and always in the same "
        "words."
    ),
)

ALPHABET: Final = "Of course. A, B, C, D, E, F, G. H, I, J, K, L, M, N, O, P. Q, R, S, T, U, V. W, X, Y and Z."
