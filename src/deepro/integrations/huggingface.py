"""A callback of Hugging Face's Trainer that watches the network while it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepro.errors import UsageError
from deepro.training.watch import Watcher, watch


def huggingface_watch(probe: Any, workspace: str | Path, **options: Any) -> Any:
    """A callback for `transformers.Trainer(callbacks=[huggingface_watch(probe, "runs/a")])`.

    probe, workspace, options: as for `deepro.watch`. Losses and accuracies are those that the trainer logs. Raises
    UsageError where transformers is not installed.
    Example: `deepro.integrations.huggingface.huggingface_watch("photos/", "runs/a")`
    """
    try:
        from transformers import TrainerCallback
    except ImportError:
        raise UsageError("transformers is not installed: pip install transformers") from None

    class _Watch(TrainerCallback):
        watcher: Watcher | None = None
        told: dict[str, Any] = {}  # noqa: RUF012 - replaced, never changed

        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            del args, control, kwargs
            if state.is_world_process_zero:
                self.watcher = watch(model, probe, workspace, **options).__enter__()

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, state, control, kwargs
            if self.watcher is not None:
                self.watcher.gradients()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, state, control, kwargs
            if self.watcher is not None:
                self.watcher.step(**self.told)
                self.told = {}

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            del args, state, control, kwargs
            names = {"loss": "loss", "accuracy": "accuracy", "eval_loss": "eval_loss", "eval_accuracy": "eval_accuracy"}
            self.told = {names[k]: float(v) for k, v in (logs or {}).items() if k in names}

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            del args, state, control, kwargs
            watcher, self.watcher = self.watcher, None
            if watcher is not None:
                watcher.__exit__(None, None, None)

    return _Watch()
