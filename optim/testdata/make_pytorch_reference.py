"""What PyTorch's own optimizers, schedules and average do over 100 steps; the tests of optim/ compare with it.

  .venv/bin/python optim/testdata/make_pytorch_reference.py > optim/testdata/pytorch_reference.json

Each case is named by the text of Baton's configuration for it. torch.optim has no Lion: that is algorithm 2 of
arXiv:2302.06675, written out in torch operations. torch.optim.lr_scheduler has no warmup-stable-decay: that is built of
its LinearLR and ConstantLR, or for the shape 1 - sqrt of a LambdaLR.
"""

import json
import math
import warnings

import torch
from torch.optim import lr_scheduler

STEPS = 100
# After these many steps values are kept.
KEPT = (1, 2, 3, 10, 30, 100)
DECAY = 0.05


def parameters():
    """A weight [3, 4], which decays, and a bias [4], which does not; pytorch_test.cc begins with the same values."""
    values = [math.cos(0.9 * i) for i in range(16)]
    return [torch.tensor(values[:12]).reshape(3, 4).requires_grad_(), torch.tensor(values[12:]).requires_grad_()]


def set_gradients(weights, step):
    values = [math.sin(0.7 * step + 1.3 * i) for i in range(16)]
    weights[0].grad = torch.tensor(values[:12]).reshape(3, 4)
    weights[1].grad = torch.tensor(values[12:])


def learning_rate(step):
    return 0.01 * (1 - step / 150)


def flat(weights):
    return [value for weight in weights for value in weight.detach().flatten().tolist()]


class Lion(torch.optim.Optimizer):
    """Chen et al., 2023, arXiv:2302.06675, algorithm 2."""

    def __init__(self, groups, lr, betas, weight_decay=0.0):
        super().__init__(groups, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for weight in group["params"]:
                average = self.state[weight].setdefault("average", torch.zeros_like(weight))
                update = torch.sign(beta1 * average + (1 - beta1) * weight.grad)
                weight -= group["lr"] * (update + group["weight_decay"] * weight)
                average.copy_(beta2 * average + (1 - beta2) * weight.grad)


def run_optimizer(make, decay, decays_average=None):
    """Values of the weights, or of their average, after each step of KEPT."""
    weights = parameters()
    optimizer = make([{"params": [weights[0]], "weight_decay": decay}, {"params": [weights[1]], "weight_decay": 0.0}])
    module = torch.nn.ParameterList(weights)
    average = None
    if decays_average is not None:
        average = torch.optim.swa_utils.AveragedModel(
            module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decays_average))
    kept = {}
    for step in range(STEPS):
        set_gradients(weights, step)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        optimizer.step()
        if average is not None:
            average.update_parameters(module)
        if step + 1 in KEPT:
            kept[step + 1] = flat(weights if average is None else average.module)
    return kept


def optimizers():
    sgd, adamw = torch.optim.SGD, torch.optim.AdamW
    kinds = {
        "sgd {}": lambda groups: sgd(groups, lr=1),
        "sgd { momentum: 0.9 }": lambda groups: sgd(groups, lr=1, momentum=0.9),
        "sgd { momentum: 0.9 nesterov: true }": lambda groups: sgd(groups, lr=1, momentum=0.9, nesterov=True),
        "adamw {}": lambda groups: adamw(groups, lr=1),
        "adamw { beta1: 0.8 beta2: 0.95 epsilon: 1e-6 }": lambda groups: adamw(
            groups, lr=1, betas=(0.8, 0.95), eps=1e-6),
        "lion {}": lambda groups: Lion(groups, lr=1, betas=(0.9, 0.99)),
        "lion { beta1: 0.8 beta2: 0.95 }": lambda groups: Lion(groups, lr=1, betas=(0.8, 0.95)),
    }
    return {
        f"weight_decay: {decay} {text}": run_optimizer(make, decay)
        for text, make in kinds.items() for decay in (0.0, DECAY)
    }


def averages():
    return {
        f"decay: {decay}": run_optimizer(lambda groups: torch.optim.AdamW(groups, lr=1), DECAY, decay)
        for decay in (0.9, 0.999)
    }


def factors(make):
    """The factors on the learning rate of STEPS steps."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimizer)
    values = []
    for _ in range(STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


def after_warmup(steps, make):
    def sequence(optimizer):
        warmup = lr_scheduler.LinearLR(optimizer, start_factor=1 / (steps + 1), end_factor=1, total_iters=steps)
        return lr_scheduler.SequentialLR(optimizer, [warmup, make(optimizer)], [steps])

    return sequence


def one_cycle(**options):
    return lambda optimizer: lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=STEPS, cycle_momentum=False, **options)


def stable_then_line(optimizer):
    """80 steps at 1, then 20 down to 0.1."""
    return lr_scheduler.SequentialLR(optimizer, [
        lr_scheduler.ConstantLR(optimizer, factor=1, total_iters=80),
        lr_scheduler.LinearLR(optimizer, start_factor=1, end_factor=0.1, total_iters=20)
    ], [80])


def schedules():
    line = lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=1, end_factor=0.2, total_iters=80)
    wave = lambda steps: lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=0.1)
    root = lambda step: 1 if step < 60 else 1 - math.sqrt((step - 60) / 40)
    return {
        "": factors(lambda optimizer: lr_scheduler.ConstantLR(optimizer, factor=1)),
        "warmup_steps: 7 constant {}": factors(
            after_warmup(7, lambda optimizer: lr_scheduler.ConstantLR(optimizer, factor=1))),
        "cosine { final_factor: 0.1 } horizon_steps: 100": factors(wave(100)),
        "warmup_steps: 10 cosine { final_factor: 0.1 } horizon_steps: 100": factors(after_warmup(10, wave(90))),
        # The horizon comes before the end: it stays where it is.
        "linear { final_factor: 0.2 } horizon_steps: 80": factors(line),
        "warmup_steps: 10 linear { final_factor: 0.2 } horizon_steps: 90": factors(after_warmup(10, line)),
        "step { step_size: 30 }": factors(lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=30)),
        "warmup_steps: 5 step { step_size: 7 gamma: 0.5 }": factors(
            after_warmup(5, lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.5))),
        "exponential { gamma: 0.97 }": factors(lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma=0.97)),
        "one_cycle {} horizon_steps: 100": factors(one_cycle()),
        "one_cycle { warmup_fraction: 0.255 initial_divisor: 10 final_divisor: 50 annealing: LINEAR } "
        "horizon_steps: 100": factors(
            one_cycle(pct_start=0.255, div_factor=10, final_div_factor=50, anneal_strategy="linear")),
        "warmup_stable_decay { decay_fraction: 0.2 final_factor: 0.1 } horizon_steps: 100": factors(stable_then_line),
        "warmup_steps: 10 warmup_stable_decay { decay_fraction: 0.4 shape: ONE_MINUS_SQRT } horizon_steps: 100":
            factors(after_warmup(10, lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda s: root(s + 10)))),
    }


def plateaus():
    """Losses that fall, rest, jump and fall again, and the factor after each."""
    losses = [
        2.0 - 0.04 * min(epoch, 25) + 0.3 * math.sin(1.7 * epoch) / (1 + epoch / 10) + (0.5 if epoch == 40 else 0)
        for epoch in range(STEPS)
    ]
    cases = {
        "": {},
        "patience: 2 factor: 0.5 threshold: 0.01": {"patience": 2, "factor": 0.5, "threshold": 0.01},
        "patience: 1 factor: 0.3 cooldown: 4 min_factor: 0.01": {
            "patience": 1, "factor": 0.3, "cooldown": 4, "min_lr": 0.01},
        "patience: 0 factor: 0.9 threshold: 0 cooldown: 1": {
            "patience": 0, "factor": 0.9, "threshold": 0, "cooldown": 1},
    }
    result = {}
    for text, options in cases.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        # eps=0: PyTorch leaves out reductions of less than 1e-8.
        schedule = lr_scheduler.ReduceLROnPlateau(optimizer, eps=0, **options)
        result[text] = []
        for loss in losses:
            schedule.step(loss)
            result[text].append(optimizer.param_groups[0]["lr"])
    return {"losses": losses, "factors": result}


def lines(value, indent=""):
    """JSON with a line for each list."""
    if not isinstance(value, dict):
        return json.dumps(value)
    entries = [f"{indent} {json.dumps(str(key))}: {lines(entry, indent + ' ')}" for key, entry in value.items()]
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def main():
    # A SequentialLR calls its parts in ways that they warn of.
    warnings.simplefilter("ignore")
    reference = {
        "made_with": f"torch {torch.__version__}",
        "optimizers": optimizers(),
        "averages": averages(),
        "schedules": schedules(),
        "plateaus": plateaus(),
    }
    print(lines(reference))


if __name__ == "__main__":
    main()
