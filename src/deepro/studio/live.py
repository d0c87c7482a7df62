"""Answers quick requests, such as predictions and occlusions, on a copy of the network while a job uses the other."""

from __future__ import annotations

import copy
import gzip
import json
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

import deepro
from deepro import registry
from deepro.errors import ImageError, UsageError, near
from deepro.explanation import DEFAULT, make
from deepro.kinds.photographs.prediction import Prediction
from deepro.kinds.surveys.survey import Survey
from deepro.methods.hiding import filling, hide
from deepro.methods.incremental import WHOLE, Incremental
from deepro.methods.units.representative import representative_layers
from deepro.network import Inputs, Network
from deepro.network.fingerprint import Fingerprinter
from deepro.network.preprocess import open_photograph
from deepro.registry import Call
from deepro.render import address
from deepro.render.document import Guess
from deepro.render.document.studio import Change, JobRequest, Occluded, Opened
from deepro.store import Workspace
from deepro.studio.page_store import PageStore
from deepro.survey import showing

REMEMBERED = 16  # inputs kept ready
EXAMPLES = 16  # units of a surveyed layer that get examples before anybody looks


def twin(net: Network) -> Network:
    """A copy of the network that shares its weights but has hooks and training modes of its own."""
    shared: dict[int, Any] = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in net.module.parameters()}
    shared |= {id(b): b for b in net.module.buffers()}
    other = copy.copy(net)
    other.module = copy.deepcopy(net.module, shared).eval()
    other._fingerprinter = Fingerprinter()
    other._traces = {}
    other.__dict__.pop("layers", None)
    return other


class Live:
    """Keeps the pictures that were opened, by the id of their page, with the network's predictions.

    net: answers at once. nets: its twins, one for each lane of jobs.
    """

    def __init__(
        self, net: Network, workspace: Workspace, pages: PageStore, data: str | None, nets: Sequence[Network] = ()
    ) -> None:
        self.net, self.workspace, self.pages, self.data, self.nets = net, workspace, pages, data, nets
        self.fingerprint = net.fingerprint
        self._layers: list[str] | None = None
        self._predictions: dict[str, str] = {}  # page id -> key of its prediction
        self._work: tuple[str, Incremental | None] | None = None  # the picture of which parts were hidden last
        self._inputs: OrderedDict[str, tuple[Inputs, Tensor]] = OrderedDict()  # with the probabilities (K,)

    # ---- pictures

    def open(self, file: Path, name: str) -> Opened:
        """Predict a picture and keep the prediction in the workspace. Raises ImageError."""
        started = time.perf_counter()
        try:
            _, image = open_photograph(file)
        except ImageError as error:  # where it lies is nobody's business
            raise ImageError(str(error).replace(str(file), name)) from None
        image.place = name  # type: ignore[attr-defined]
        inputs = self.net.prepare(image)
        record = registry.record(deepro.predict)
        call = record.bind(self.net, inputs)
        known = self.workspace.find(Prediction.kind, call.provenance.key) is not None
        prediction: Prediction = make(self.workspace, record, self.net, inputs)
        assert prediction.provenance is not None
        name = str(prediction.provenance.data[0]["name"])  # a picture seen before keeps its first name and page
        id = address.photograph(name, self.fingerprint, inputs.fingerprints[0])
        self._predictions[id] = call.provenance.key
        guesses = [
            Guess(label=a, probability=b) for a, b in zip(prediction.labels, prediction.probabilities, strict=True)
        ]
        return Opened(id=id, name=name, prediction=guesses, milliseconds=_since(started), known=known)

    def record(self, id: str) -> str:
        """The key of the prediction of a picture that was opened."""
        return self._predictions[id]

    def inputs(self, id: str) -> tuple[Inputs, Tensor]:
        """The network's input for a page's picture, and its probabilities. Raises UsageError for an unknown page."""
        if id not in self._inputs:
            prediction = self._prediction(id)
            if prediction.picture is None:
                raise UsageError(f"{id!r} was made from numbers; only pictures can be worked on here")
            assert prediction.provenance is not None
            image = Image.fromarray(prediction.picture)
            image.place = str(prediction.provenance.data[0]["name"])  # type: ignore[attr-defined]
            inputs = self.net.prepare(image)
            self._inputs[id] = inputs, self._probabilities(inputs.tensor)[0]
            while len(self._inputs) > REMEMBERED:
                self._inputs.popitem(last=False)
        self._inputs.move_to_end(id)
        return self._inputs[id]

    def _prediction(self, id: str) -> Prediction:
        key = self._predictions.get(id)
        if key is None:
            name = self.pages.page(f"photograph-{id}")
            if name is None:
                raise UsageError(f"there is no photograph {id!r}")
            page = json.loads(gzip.decompress(self.pages.path(name).read_bytes()))
            key = page["prediction_record"]
            if key is None:
                raise UsageError(f"{id!r} has no prediction, so its picture is not known; drop the picture itself here")
            self._predictions[id] = key
        found = self.workspace.find(Prediction.kind, key)
        if not isinstance(found, Prediction):
            raise ImageError(f"the prediction of {id!r} is damaged; drop the picture itself here")
        return found

    def _probabilities(self, tensor: Tensor) -> Tensor:
        with torch.no_grad():
            return self.net.probabilities(self.net.logits_of(self.net.module(tensor.clone())))

    # ---- hiding part of a picture

    def occlude(self, id: str, bits: bytes, fill: str, keep: bool) -> Occluded:
        """The prediction with the marked pixels hidden, or with `keep` all others.

        bits: one for each pixel of the input, in rows, the first in the highest bit. Raises UsageError.
        """
        started = time.perf_counter()
        inputs, before = self.inputs(id)
        tensor = inputs.tensor
        height, width = tensor.shape[-2:]
        if tensor.ndim != 4 or len(bits) != -(-height * width // 8):
            raise UsageError(
                f"the mask has {len(bits)} bytes, expected {-(-height * width // 8)} for {height} x {width}"
            )
        marked = np.unpackbits(np.frombuffer(bits, np.uint8), count=height * width).reshape(height, width).astype(bool)
        hidden = ~marked if keep else marked
        after = self._hidden(id, tensor, filling(self.net, tensor, fill), hidden)
        shown = list(dict.fromkeys([*before.topk(min(5, len(before))).indices.tolist(), int(after.argmax())]))
        return Occluded(
            changes=[Change(label=self.net.label(i), before=float(before[i]), after=float(after[i])) for i in shown],
            first=self.net.label(int(after.argmax())),
            hidden=float(hidden.mean()),
            fill=fill,  # type: ignore[arg-type]
            keep=keep,
            milliseconds=_since(started),
        )

    def _hidden(self, id: str, tensor: Tensor, instead: Tensor, hidden: np.ndarray) -> Tensor:
        """(K,) the probabilities of a picture with a part hidden; from the second part on only what it reaches runs."""
        if self._work is None or self._work[0] != id or hidden.mean() > WHOLE or not hidden.any():
            if hidden.any() and (self._work is None or self._work[0] != id):
                self._work = (id, None)
            return self._probabilities(torch.where(torch.from_numpy(hidden).to(tensor.device), instead, tensor))[0]
        work = self._work[1] or Incremental(self.net, tensor)
        self._work = (id, work)
        (answer,) = work.answers([hide(tensor, instead, hidden)], 1, "occlusion")
        assert answer.logits is not None
        return self.net.probabilities(answer.logits)[0]

    # ---- jobs

    def bind(self, request: JobRequest, net: Network | None = None) -> Call:
        """Check a request and make the call of it; nothing runs. net: the network to run on.

        Raises UsageError and its children for what does not fit.
        """
        net = net or self.net
        record = registry.get(request.method)
        context = _Asked(self, request)
        known = [p.name for p in record.inputs if not p.type.data]
        for name in request.arguments:
            if name not in known:
                raise UsageError(f"{record.name} takes no {name}{near(name, known)}")
        for name in request.options:
            record.option(name)
        given: dict[str, Any] = {}
        for parameter in record.inputs:
            sent = request.arguments.get(parameter.name)
            if parameter.type.data or sent not in (None, "", []):
                given[parameter.name] = parameter.type.posted(net, sent, context)
            elif parameter.required:
                raise UsageError(f"{record.name} needs {parameter.name}: {parameter.type.says()}")
        return record.bind(net, **given, **request.options)

    def defaults(self, id: str) -> list[JobRequest]:
        """What `deepro explain` makes of a photograph: the region, and the units of layers from first to last."""
        self.inputs(id)
        if self._layers is None:
            self._layers = representative_layers(self.net)
        made = []
        for method, options in sorted(DEFAULT, key=lambda job: registry.record(job[0]).takes("layer") is not None):
            layers = self._layers if registry.record(method).takes("layer") else [None]
            for layer in layers:
                places = {} if layer is None else {"layer": layer}
                name = registry.record(method).name
                made.append(JobRequest(method=name, image=id, arguments=places, options=dict(options)))
        return made

    def after(self, request: JobRequest, key: str) -> list[JobRequest]:
        """What to make once a job is done: for a survey, examples of the first units of some layers."""
        survey = self.workspace.find(Survey.kind, key) if request.method == Survey.kind else None
        if not isinstance(survey, Survey) or not showing.pictures(self.net):
            return []
        return [
            JobRequest(
                method=method,
                arguments={"survey": key, "layer": layer, "units": showing.first_units(survey, layer, EXAMPLES)},
            )
            for layer in showing.shown_layers(survey)
            for method in ("gallery", "feeds")
        ]

    def subject(self, request: JobRequest) -> str:
        """The names of what a job is about, such as photograph, layer and class."""
        parts: list[str] = []
        if request.image is not None:
            photograph = self.inputs(request.image)[0].photographs[0]
            parts.append(photograph.name if photograph else request.image)
        stored = {p.name for p in registry.get(request.method).inputs if p.type.name in ("result", "results")}
        parts += [_text(v) for name, v in request.arguments.items() if v is not None and name not in stored]
        return " · ".join(part for part in parts if part)


class _Asked:
    """What one request has at hand."""

    def __init__(self, live: Live, request: JobRequest) -> None:
        self._live, self._request = live, request

    def picture(self) -> Inputs:
        if self._request.image is None:
            raise UsageError(f"{self._request.method} needs a photograph")
        return self._live.inputs(self._request.image)[0]

    def text(self) -> str:
        if not self._request.text:
            raise UsageError(f"{self._request.method} needs a text")
        return self._request.text

    def data(self) -> Any:
        if self._live.data is None:
            raise UsageError(f"{self._request.method} needs a data set: start the Studio with --data FOLDER")
        return self._live.data

    def stored(self, kind: str, key: str) -> Any:
        return self._live.workspace.get(kind, key)


def _text(value: Any, most: int = 6) -> str:
    """A value of a form as short text."""
    if isinstance(value, dict):
        return ", ".join(f"{k}#{_text(v)}" for k, v in list(value.items())[:most])
    return ", ".join(map(str, value[:most])) if isinstance(value, list) else str(value)


def _since(started: float) -> float:
    return round(1000 * (time.perf_counter() - started), 2)
