"""What a public teacher, fine-tuned on clips, answers for these clips."""

from __future__ import annotations

import numpy as np

from edgeser.training.config import TrainingConfig
from edgeser.training.course import Again, Course
from edgeser.training.data import LabelledFeatures, TrainingData
from edgeser.training.optimisation import Lesson
from edgeser.training.teaching import PublicTeacher, spread_answers

TUNING = "Fine-tuning the public teacher"
TUNING_AGAIN = "Fine-tuning the public teacher, development speakers too"
ANSWERING_ALL = "Answers of the public teacher"
PUBLIC_FOLDERS = ("public-teacher", "public-teacher-again")


def public_lessons(
    teacher: PublicTeacher | None,
    training: TrainingConfig,
    data: TrainingData,
    clips: LabelledFeatures,
    fingerprint: str,
    *,
    seed: int,
    course: Course,
    again: bool = False,
) -> list[Lesson]:
    """Fine-tune the public teacher on clips, and return what it answers for them.

    At the end its answers are kept in the place of its weights: nothing else is needed of it.

    Parameters
    ----------
    teacher
        As it was published; `None`: there is no lesson.
    training, data
        How labels become targets, and which there are.
    clips
        What it is fine-tuned on and answers.
    fingerprint
        Of the training.
    seed
        Of the training.
    course
        Where it is kept.
    again
        Whether development speakers are among the clips.
    """
    if teacher is None:
        return []
    part, title = PUBLIC_FOLDERS[again], TUNING_AGAIN if again else TUNING
    fingerprint, epochs = f"{fingerprint}/{part}", teacher.config.epochs
    answers = course.kept_answers(part, fingerprint)
    if answers is None:
        tuned = teacher.fit(training, data, clips=clips, seed=seed)
        course.carry_out(Again(tuned, fingerprint, epochs, title), part)
        takes = len(tuned.spectra)
        course.tell(ANSWERING_ALL, 0, takes)
        heard = []
        for take in range(takes):
            heard.append(tuned.answers(take))
            course.tell(ANSWERING_ALL, take + 1, takes)
        answers = np.stack(heard)
        course.keep_answers(part, fingerprint, epochs, answers)
    return [Lesson(spread_answers(answers, len(clips.features)), teacher.config.share)]
