"""The table of corpora: a name, what it is, and the function that reads it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edgeser.corpora.layouts import (
    cremad,
    emodb,
    generic,
    iemocap,
    meld,
    mspimprov,
    msppodcast,
    nemo,
    ravdess,
    rerecorded,
    savee,
    speechcommands,
    tess,
    urdu,
)
from edgeser.corpora.synthesis import spoken, synthetic
from edgeser.corpora.utterance import Corpus
from edgeser.wording import LabelKind
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable


@dataclass(frozen=True, slots=True)
class Adapter:
    """One corpus that can be read.

    Parameters
    ----------
    name
        As in ``--corpus NAME:PATH``.
    title
        One line for a list: what it is, language, speakers, emotions.
    layout
        One line: which folder to give.
    read
        Reads the folder (or manifest) into a `Corpus`.
    licence, citation
        Terms and work to cite.
    read_any
        The same with labels as they are, where that is another thing.
    emotions
        Whether its labels are emotions, or can be.
    """

    name: str
    title: str
    layout: str
    read: Callable[[Path], Corpus]
    licence: str
    citation: str
    read_any: Callable[[Path], Corpus] | None = None
    emotions: bool = True


ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        Adapter(
            name=cremad.NAME,
            title="CREMA-D: English, 91 actors, six emotions, crowd votes",
            layout="the folder that holds AudioWAV",
            read=cremad.read,
            licence=cremad.LICENCE,
            citation=cremad.CITATION,
        ),
        Adapter(
            name=ravdess.NAME,
            title="RAVDESS: English, 24 actors, eight emotions",
            layout="the folder that holds Actor_01 to Actor_24",
            read=ravdess.read,
            licence=ravdess.LICENCE,
            citation=ravdess.CITATION,
        ),
        Adapter(
            name=emodb.NAME,
            title="EMO-DB: German, ten actors, seven emotions",
            layout="the folder that holds wav",
            read=emodb.read,
            licence=emodb.LICENCE,
            citation=emodb.CITATION,
        ),
        Adapter(
            name=savee.NAME,
            title="SAVEE: British English, four men, seven emotions",
            layout="the folder that holds AudioData",
            read=savee.read,
            licence=savee.LICENCE,
            citation=savee.CITATION,
        ),
        Adapter(
            name=tess.NAME,
            title="TESS: Canadian English, two women, seven emotions",
            layout="the folder that holds the files",
            read=tess.read,
            licence=tess.LICENCE,
            citation=tess.CITATION,
        ),
        Adapter(
            name=urdu.NAME,
            title="URDU: Urdu talk shows, 38 speakers, four emotions",
            layout="the folder that holds Angry, Happy, Neutral and Sad",
            read=urdu.read,
            licence=urdu.LICENCE,
            citation=urdu.CITATION,
        ),
        Adapter(
            name=nemo.NAME,
            title="nEMO: Polish, nine actors, six emotions",
            layout="the folder that holds samples and data.tsv",
            read=nemo.read,
            licence=nemo.LICENCE,
            citation=nemo.CITATION,
        ),
        Adapter(
            name=iemocap.NAME,
            title="IEMOCAP: English, ten actors in pairs, nine emotions, valence to dominance",
            layout="the folder that holds Session1 to Session5",
            read=iemocap.read,
            licence=iemocap.LICENCE,
            citation=iemocap.CITATION,
        ),
        Adapter(
            name=msppodcast.NAME,
            title="MSP-Podcast: English podcasts, eight emotions, valence to dominance",
            layout="the folder that holds Audios and Labels",
            read=msppodcast.read,
            licence=msppodcast.LICENCE,
            citation=msppodcast.CITATION,
        ),
        Adapter(
            name=mspimprov.NAME,
            title="MSP-Improv: English, twelve actors, four emotions, valence to dominance",
            layout="the folder that holds Evalution.txt and session1 to session6",
            read=mspimprov.read,
            licence=mspimprov.LICENCE,
            citation=mspimprov.CITATION,
        ),
        Adapter(
            name=meld.NAME,
            title="MELD: English, a television series, seven emotions; parts share their speakers",
            layout="the folder that holds train_sent_emo.csv and the clips' sound as WAV",
            read=meld.read,
            licence=meld.LICENCE,
            citation=meld.CITATION,
        ),
        Adapter(
            name=generic.NAME,
            title="Your own recordings: a CSV manifest, or one folder an emotion (or a label)",
            layout="the manifest, or the folder that holds the emotions' folders",
            read=generic.read,
            licence=generic.LICENCE,
            citation=generic.CITATION,
            read_any=generic.read_own_labels,
        ),
        Adapter(
            name=rerecorded.NAME,
            title="A corpus played to a microphone and cut again: labels and speakers are its own",
            layout="the folder that 'edgeser rerecord cut' wrote",
            read=rerecorded.read,
            licence=rerecorded.LICENCE,
            citation=rerecorded.CITATION,
            read_any=rerecorded.read_own_labels,
        ),
        Adapter(
            name=speechcommands.NAME,
            title="Speech Commands: English, ten words, unknown and silence; no emotions",
            layout="the folder that holds the words' folders and testing_list.txt, or the test "
            "archive's",
            read=speechcommands.read,
            licence=speechcommands.LICENCE,
            citation=speechcommands.CITATION,
            emotions=False,
        ),
        Adapter(
            name=synthetic.NAME,
            title="Synthetic voices made by edgeser, six emotions: no human speech",
            layout="a folder that edgeser wrote",
            read=synthetic.read,
            licence=synthetic.LICENCE,
            citation=synthetic.CITATION,
        ),
        Adapter(
            name=spoken.NAME,
            title="Synthetic speech of espeak-ng in which words matter, four emotions: no human "
            "speech",
            layout="a folder that edgeser wrote ('edgeser corpus spoken')",
            read=spoken.read,
            licence=spoken.LICENCE,
            citation=spoken.CITATION,
        ),
    )
}
"""Every adapter by its name."""


def adapter_named(name: str) -> Adapter:
    """Return an adapter by its name, however it is written: ``CREMA-D`` is ``cremad``.

    Raises
    ------
    BadInput
        When there is none, with the nearest name.
    """
    adapter = ADAPTERS.get(name.strip().lower().replace("-", "").replace("_", ""))
    if adapter is None:
        near = difflib.get_close_matches(name.lower(), ADAPTERS, n=1)
        raise BadInput(
            f"there is no corpus named '{printable(name)}'",
            hint=f"did you mean {near[0]!r}?" if near else f"one of {', '.join(ADAPTERS)}",
        )
    return adapter


def open_corpus(name: str, path: Path, *, labels: LabelKind = "emotions") -> Corpus:
    """Read the corpus `name` from `path`.

    Parameters
    ----------
    labels
        ``"any"`` takes its labels as they are; those of a corpus of emotions are its emotions.

    Raises
    ------
    BadInput
        When the name is unknown, the folder is not what the adapter expects, or its labels are no
        emotions where those were asked for.
    """
    adapter = adapter_named(name)
    if labels == "any":
        corpus = (adapter.read_any or adapter.read)(Path(path))
        return replace(corpus, label_kind="any")
    if not adapter.emotions:
        raise BadInput(
            f"the labels of {adapter.name} at {path} are no emotions",
            hint='set [labels] kind = "any", as the preset keywords does',
        )
    return adapter.read(Path(path))


def parse_corpus_argument(argument: str) -> tuple[str, str, Path]:
    """Split ``NAME:PATH``, or ``OWN=NAME:PATH``, into own name, adapter's name and path.

    Examples
    --------
    >>> parse_corpus_argument("cremad:/data/CREMA-D")
    ('cremad', 'cremad', PosixPath('/data/CREMA-D'))
    >>> parse_corpus_argument("office=generic:/data/office.csv")[:2]
    ('office', 'generic')

    Raises
    ------
    BadInput
        When a half is missing, or there is no such adapter.
    """
    names, colon, path = argument.partition(":")
    own, equals, name = names.partition("=")
    name = name if equals else own
    if not colon or not name.strip() or not path.strip() or not own.strip():
        raise BadInput(
            f"{printable(argument)!r} does not say which corpus it is",
            hint="write NAME:PATH, for example cremad:/data/CREMA-D",
        )
    adapter = adapter_named(name).name
    return own.strip() if equals else adapter, adapter, Path(path.strip()).expanduser()
