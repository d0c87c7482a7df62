"""A callback of Lightning's trainer that watches the network while it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepro.errors import UsageError
from deepro.training.watch import Watcher, watch


def lightning_watch(probe: Any, workspace: str | Path, **options: Any) -> Any:
    """A Lightning callback: `Trainer(callbacks=[lightning_watch("photos/", "runs/a")])`.

    probe, workspace, options: as for `deepro.watch`. model: options may name an attribute of the module that is watched
    instead of the whole, such as `model="net"`. Works with `lightning` and `pytorch_lightning`. Raises UsageError where
    neither is installed.
    Example: `deepro.integrations.lightning.lightning_watch("photos/", "runs/a", preprocess="imagenet")`
    """
    inner = options.pop("model", None)

    class _Watch(_callback()):
        watcher: Watcher | None = None

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            del trainer
            model = getattr(pl_module, inner) if inner else pl_module
            self.watcher = watch(model, probe, workspace, **options).__enter__()

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
            del pl_module, batch, batch_idx
            loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
            told = {
                k: v for k, v in trainer.callback_metrics.items() if k in ("accuracy", "train_accuracy", "train_acc")
            }
            if self.watcher is not None:
                self.watcher.step(loss=loss, accuracy=next(iter(told.values()), None))

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            del trainer, pl_module
            self._end()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            del trainer, pl_module
            self._end(type(exception))

        def _end(self, raised: Any = None) -> None:
            watcher, self.watcher = self.watcher, None
            if watcher is not None:
                watcher.__exit__(raised, None, None)

    return _Watch()


def _callback() -> Any:
    for name in ("lightning.pytorch", "pytorch_lightning"):
        try:
            return __import__(f"{name}.callbacks", fromlist=["Callback"]).Callback
        except ImportError:
            continue
    raise UsageError("Lightning is not installed: pip install lightning")
