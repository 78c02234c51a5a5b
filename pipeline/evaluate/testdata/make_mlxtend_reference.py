"""What mlxtend's bias_variance_decomp gives for some predictions; bias_variance_test.cc compares with it.

  python3 -m venv /tmp/mlxtend && /tmp/mlxtend/bin/pip install mlxtend==0.25.0
  /tmp/mlxtend/bin/python pipeline/evaluate/testdata/make_mlxtend_reference.py \
      > pipeline/evaluate/testdata/mlxtend_reference.json

mlxtend trains an estimator in each round and asks it for predictions. This one gives those that it was made with, so
that the definitions are compared and nothing else. They are drawn, and written down with the results.
"""

import json

import numpy
from mlxtend.evaluate import bias_variance_decomp

ROUNDS, ROWS = 25, 40


class Replay:
    def __init__(self, rounds):
        self.rounds = iter(rounds)

    def fit(self, *_):
        return self

    def predict(self, _):
        return next(self.rounds)


def case(loss, rounds, targets):
    one = numpy.zeros((1, 1))
    values = bias_variance_decomp(Replay(rounds), one, numpy.zeros(1), numpy.zeros((len(targets), 1)), targets,
                                  loss=loss, num_rounds=len(rounds), random_seed=1)
    return {"predictions": rounds.tolist(), "targets": targets.tolist(),
            **dict(zip(("loss", "bias", "variance"), (float(value) for value in values)))}


def main():
    random = numpy.random.RandomState(7)
    targets = random.randint(0, 4, ROWS)
    # Right three times in four, and then any class: ties and wrong majorities occur.
    classes = numpy.where(random.rand(ROUNDS, ROWS) < random.rand(ROWS) ** 0.5, targets,
                          random.randint(0, 4, (ROUNDS, ROWS)))
    values = numpy.round(random.normal(150, 70, ROWS), 3)
    numbers = numpy.round(values + random.normal(10, 30, ROWS) + random.normal(0, 25, (ROUNDS, ROWS)), 3)
    print(json.dumps({"zero_one": case("0-1_loss", classes, targets), "squared": case("mse", numbers, values)}))


if __name__ == "__main__":
    main()
