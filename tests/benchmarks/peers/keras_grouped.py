"""The paper's AlexNet by Keras' own means: `python keras_grouped.py BATCH`.

Two towers are `Conv2D(groups=2)`, LRN is TensorFlow's, and the step is the one that `fit` runs.
"""

import sys

import keras
import tensorflow as tf
from keras_step import serve_training

L2 = keras.regularizers.L2(5e-4 / 2)


def convolution(filters: int, size: int, **how: object) -> keras.layers.Layer:
    return keras.layers.Conv2D(filters, size, activation="relu", kernel_regularizer=L2, **how)


def dense(units: int, activation: str | None = "relu") -> keras.layers.Layer:
    return keras.layers.Dense(units, activation=activation, kernel_regularizer=L2)


def lrn() -> keras.layers.Layer:
    # The paper's n of 5 maps are two on either side.
    return keras.layers.Lambda(
        lambda maps: tf.nn.local_response_normalization(maps, depth_radius=2, bias=2.0, alpha=1e-4, beta=0.75)
    )


def pooling() -> keras.layers.Layer:
    return keras.layers.MaxPooling2D(3, 2)


model = keras.Sequential(
    [
        keras.Input((227, 227, 3)),
        convolution(96, 11, strides=4),
        lrn(),
        pooling(),
        convolution(256, 5, padding="same", groups=2),
        lrn(),
        pooling(),
        convolution(384, 3, padding="same"),
        convolution(384, 3, padding="same", groups=2),
        convolution(256, 3, padding="same", groups=2),
        pooling(),
        keras.layers.Flatten(),
        dense(4096),
        keras.layers.Dropout(0.5),
        dense(4096),
        keras.layers.Dropout(0.5),
        dense(1000, activation=None),
    ]
)
model.compile(
    optimizer=keras.optimizers.SGD(0.0, momentum=0.9),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
serve_training(model, batch=int(sys.argv[1]))
