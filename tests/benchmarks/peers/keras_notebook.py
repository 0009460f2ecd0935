"""The network of the usual notebook, compiled as there: `python keras_notebook.py BATCH`."""

import sys

import keras
from keras_step import serve_training

model = keras.Sequential(
    [
        keras.Input((227, 227, 3)),
        keras.layers.Conv2D(96, 11, strides=4, activation="relu"),
        keras.layers.MaxPooling2D(3, 2),
        keras.layers.Conv2D(256, 5, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(3, 2),
        keras.layers.Conv2D(384, 3, padding="same", activation="relu"),
        keras.layers.Conv2D(384, 3, padding="same", activation="relu"),
        keras.layers.Conv2D(256, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(3, 2),
        keras.layers.Flatten(),
        keras.layers.Dense(4096, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(4096, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1000, activation="softmax"),
    ]
)
# The notebook's rate is 1e-4. A rate of 0 costs the same, and the loss on noise stays finite.
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.0),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
serve_training(model, batch=int(sys.argv[1]))
