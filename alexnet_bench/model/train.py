"""Trains and evaluates one variant with one seed."""

import gc
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from alexnet_bench.data import Dataset, Split
from alexnet_bench.data.tensorflow_pipeline import Pipeline
from alexnet_bench.model.build import made_of
from alexnet_bench.model.checkpoint import Checkpoint
from alexnet_bench.model.tensorflow_hosts import Hosts
from alexnet_bench.model.tensorflow_step import Steps, build_steps
from alexnet_bench.network.plan import LayerPlan
from alexnet_bench.network.recipe import Recipe
from alexnet_bench.records.files import replacing, replacing_durably, sync
from alexnet_bench.records.run_folder import writing

MOST_TRAINING_IMAGES_EVALUATED = 10_000
EVALUATION_BATCH = 256
NO_ANSWER = -1


@dataclass(frozen=True, kw_only=True)
class TrialSpec:
    """What to train: a plan, how, on what, with which seed and where.

    Args:
        plan: the network.
        recipe: the training, as it is to be used.
        dataset: what is learned.
        seed: of every random draw.
        devices: Keras device names for a split; none for one device.
        precision: Keras dtype policy.
        most_epochs: training ends with this one even where the recipe goes on; None: where the recipe ends.
        evaluate_test: whether the test split is read; it is not while rates are being tuned.
        predictions: where to write the test predictions; None leaves them out.
        model: where to save the trained Keras model; None leaves it out.
        checkpoint: where the trial is kept while it runs, to go on from if it is there; None: nowhere.
        hosts: that train it together, each of which is given the same but for its files; None: this one.
    """

    plan: LayerPlan
    recipe: Recipe
    dataset: Dataset
    seed: int
    devices: Sequence[str] = ()
    precision: str = "float32"
    most_epochs: int | None = None
    evaluate_test: bool = True
    predictions: Path | None = None
    model: Path | None = None
    checkpoint: Path | None = None
    hosts: Hosts | None = None


class Trainer:
    """Runs trials one after the other.

    The next one of the same network takes what was compiled for the one before: its weights are drawn anew,
    all other state is reset, and its numbers are those that it would have by itself. After one that holds
    state that nobody knows, such as a user's block, none can follow.
    """

    def __init__(self) -> None:
        self._compiled: tuple[Any, Steps] | None = None

    @property
    def can_go_on(self) -> bool:
        """Whether another trial may follow in this process."""
        return self._compiled is not None

    def run(
        self,
        spec: TrialSpec,
        on_epoch: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> dict[str, Any]:
        """Train, then evaluate.

        Args:
            spec: what to train.
            on_epoch: is given each epoch's row of the curve as it ends; of a trial that goes on, those
                before it, too.
            clock: seconds.

        Returns:
            The trial's own columns of a record: status, errors, loss, curve.
        """
        # The images of the trial before are in circles of references, which Python may leave for many trials.
        gc.collect()
        spec = replace(spec, dataset=spec.dataset.of_seed(spec.seed))
        training, validation = spec.dataset.carve(spec.seed)
        pipeline = Pipeline(
            spec.dataset,
            training,
            spec.recipe,
            side=spec.plan.topology.size,
            input_side=spec.plan.input_shape[0],
            seed=spec.seed,
            canvas=spec.plan.topology.canvas,
        )
        steps = self._steps(spec)
        outcome = _outcome(spec, pipeline, steps, training, validation, on_epoch, clock)
        if steps.can_start_again(spec.plan):
            self._compiled = _compiled_for(spec), steps
        return outcome

    def _steps(self, spec: TrialSpec) -> Steps:
        # A trial that fails leaves nothing behind.
        compiled, self._compiled = self._compiled, None
        if compiled is not None and compiled[0] == _compiled_for(spec):
            compiled[1].start_again(spec.plan, spec.recipe, spec.seed)
            return compiled[1]
        return build_steps(
            spec.plan,
            spec.recipe,
            seed=spec.seed,
            devices=spec.devices,
            precision=spec.precision,
            hosts=spec.hosts,
        )


def _compiled_for(spec: TrialSpec) -> tuple[Any, ...]:
    """What compiled steps depend on: all but the seed and the learning rate."""
    network = spec.plan.fingerprint(spec.recipe.but(learning_rate=1.0))
    return network, spec.precision, tuple(spec.devices)


def _outcome(
    spec: TrialSpec,
    pipeline: Pipeline,
    steps: Steps,
    training: Split,
    validation: Split,
    on_epoch: Callable[[dict[str, Any]], None],
    clock: Callable[[], float],
) -> dict[str, Any]:
    checkpoint = None if spec.checkpoint is None else Checkpoint(spec.checkpoint, steps.state, clock)
    before = checkpoint.restore() if checkpoint else []
    steps.begin(len(before))
    curve: list[dict[str, Any]] = []
    for row in chain(before, _epochs(spec, pipeline, steps, validation, clock, first=len(before))):
        curve.append(row)
        on_epoch(row)
        if row["loss"] is None:
            return {
                "status": "diverged",
                "error": f"loss or outputs are not finite in epoch {row['epoch']}",
                "curve": curve,
            }
        if row["train_error"] <= (spec.recipe.stop_at_train_error or -1) or row["epoch"] == spec.most_epochs:
            break
        if checkpoint and len(curve) > len(before):
            checkpoint.save(curve)
    if spec.model is not None:
        # Keras tells a format by its file's name.
        with writing(spec.model), replacing(spec.model, ".keras") as fresh:
            steps.model.save(fresh)
            with fresh.open("rb") as file:
                sync(file)
    return {
        "status": "ok",
        "curve": curve,
        "loss": curve[-1]["loss"],
        "validation_top1_error": curve[-1]["validation_top1_error"],
        "train_error": _training_error(spec, pipeline, steps, training),
        **(_test(spec, pipeline, steps) if spec.evaluate_test else {}),
    }


def _epochs(
    spec: TrialSpec,
    pipeline: Pipeline,
    steps: Steps,
    validation: Split,
    clock: Callable[[], float],
    first: int,
) -> Iterator[dict[str, Any]]:
    per_epoch = pipeline.steps_per_epoch
    batches = pipeline.training(spec.recipe.epochs, first)
    views = _views(spec, pipeline, validation)
    for epoch in range(first, spec.recipe.epochs):
        started = clock()
        progress = np.arange(epoch * per_epoch, (epoch + 1) * per_epoch) / (spec.recipe.epochs * per_epoch)
        rates = steps.rates_at(progress)
        sums: list[tuple[tf.Tensor, tf.Tensor]] = []
        done = 0
        while done < per_epoch:
            images, labels = next(batches)
            due = rates[:, done : done + len(labels)]
            sums.append(steps.train_in_turn(images, labels, tf.constant(due, tf.float32)))
            done += len(labels)
        # Not before: to read a number is to wait for the device.
        loss, right = sum(float(losses) for losses, _ in sums), sum(int(hits) for _, hits in sums)
        # A loss is taken before its step's update; what the last update did shows in the answers alone.
        answers = _likeliest(steps, views)
        finite = math.isfinite(loss) and bool((answers != NO_ANSWER).all())
        yield {
            "epoch": epoch + 1,
            "learning_rate": float(rates[0, -1]),
            "loss": loss / per_epoch if finite else None,
            "train_error": 1 - right / (per_epoch * spec.recipe.batch_size),
            "validation_top1_error": _error(answers, validation) if finite else None,
            "seconds": clock() - started,
        }


def _training_error(spec: TrialSpec, pipeline: Pipeline, steps: Steps, training: Split) -> float:
    stride = math.ceil(len(training) / MOST_TRAINING_IMAGES_EVALUATED)
    sample = training.take(np.arange(0, len(training), stride))
    return _error(_likeliest(steps, _views(spec, pipeline, sample)), sample)


def _test(spec: TrialSpec, pipeline: Pipeline, steps: Steps) -> dict[str, Any]:
    test = spec.dataset.test
    likeliest = _likeliest(steps, _views(spec, pipeline, test))
    if spec.predictions is not None:
        # The run's folder is there; were it moved meanwhile, it must not be made anew.
        with writing(spec.predictions):
            spec.predictions.parent.mkdir(exist_ok=True)
            # On disk before its record is: that would outlive it in a loss of power.
            with replacing_durably(spec.predictions) as file:
                np.savez_compressed(
                    file,
                    labels=test.labels,
                    likeliest=likeliest.astype("int16"),
                    filters=_first_filters(spec.plan, steps),
                    **({} if spec.dataset.places is None else {"places": spec.dataset.places}),  # type: ignore[arg-type]
                )
    hits = likeliest == test.labels[:, None]
    prefix = spec.dataset.test_name.replace("-", "_")
    errors = {f"{prefix}_top1_error": 1 - float(hits[:, 0].mean())}
    if spec.plan.classes > 5:
        errors[f"{prefix}_top5_error"] = 1 - float(hits.any(1).mean())
    return errors


def _first_filters(plan: LayerPlan, steps: Steps) -> np.ndarray:
    """The kernels of conv1: float32 (towers, height, width, channels, kernels a tower)."""
    (first, *_) = (layer for layer in plan.layers if layer.kind == "convolution")
    kernel = np.concatenate(
        [np.asarray(item.kernel.value, "float32") for item in made_of(steps.model, first)], -1
    )
    return np.stack(np.split(kernel, first.towers, -1))


def _error(likeliest: np.ndarray, split: Split) -> float:
    return 1 - float((likeliest[:, 0] == split.labels).mean())


def _views(spec: TrialSpec, pipeline: Pipeline, split: Split) -> Iterable[tf.Tensor]:
    return pipeline.evaluation(split, EVALUATION_BATCH, spec.plan.variant.evaluation)


def _likeliest(steps: Steps, views: Iterable[tf.Tensor]) -> np.ndarray:
    """The up to five likeliest classes of each image, likeliest first: int64 (images, 5).

    An image whose outputs are not finite has `NO_ANSWER`s. Of several views, the mean counts.
    """
    rows = []
    for images in views:
        crops = tf.unstack(images) if len(images.shape) == 5 else [images]
        values = sum(steps.infer(crop) for crop in crops).numpy() / len(crops)
        order = np.argsort(-values, axis=1, kind="stable")[:, :5]
        rows.append(np.where(np.isfinite(values).all(1, keepdims=True), order, NO_ANSWER))
    return np.concatenate(rows)
