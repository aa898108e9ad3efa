# Asks a user's reward function. Questions come as lines of JSON on standard
# input, answers leave the same way; the first question brings the user's file.
# What the function prints goes to standard error.
import inspect
import json
import linecache
import math
import os
import sys
import traceback
import types

answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
questions = os.fdopen(os.dup(0), "r", encoding="utf-8", newline="\n")
os.dup2(2, 1)
sys.stdout = sys.stderr
try:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
except OSError:
    os.close(0)


class State:
    """Stands for the trainer's state, of which there is none here."""

    global_step = max_steps = num_train_epochs = epoch = 0
    log_history = ()


def load(source, path, name, near):
    if near:
        sys.path.insert(0, near)
    module = types.ModuleType("pawl_verifier")
    module.__file__ = path
    sys.modules[module.__name__] = module
    linecache.cache[path] = (len(source), None, source.splitlines(True), path)
    exec(compile(source, path, "exec"), module.__dict__)
    if name:
        function = getattr(module, name, None)
        if not callable(function):
            raise LookupError(f"there is no function {name!r} in it")
        return function
    own = [
        k for k, v in vars(module).items()
        if inspect.isfunction(v) and v.__module__ == module.__name__ and not k.startswith("_")
    ]
    if len(own) != 1:
        raise LookupError(f"it has {len(own)} functions ({', '.join(own[:8])}); say which one judges: function: NAME")
    return getattr(module, own[0])


def wanted(function, given):
    """What of the given arguments the function takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return given
    if any(p.kind == p.VAR_KEYWORD for p in parameters):
        return given
    names = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return {k: v for k, v in given.items() if k in names}


def number(i, value):
    if value is None:
        return None
    if hasattr(value, "item"):  # of numpy and torch
        value = value.item()
    if not isinstance(value, (int, float)):
        raise TypeError(f"reward {i} is of type {type(value).__name__}: {value!r:.60}; want a number or None")
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"reward {i} is {value}; want a finite number or None")
    return value


def rewards(function, columns, n):
    given = wanted(function, dict(columns, trainer_state=State(), log_extra=lambda *a, **k: None, log_metric=lambda *a, **k: None))
    values = function(**given)
    if inspect.iscoroutine(values):
        import asyncio  # which takes long, and few want it

        values = asyncio.run(values)
    if hasattr(values, "tolist"):
        values = values.tolist()
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"it returns a {type(values).__name__}, not a list of rewards")
    if len(values) != n:
        raise ValueError(f"it returns {len(values)} rewards for {n} completions")
    return [number(i, v) for i, v in enumerate(values)]


def why(e, path):
    """An exception in one line, with the place in the user's file."""
    text = f"{type(e).__name__}: {e}" if str(e) else type(e).__name__
    if isinstance(e, SyntaxError) and e.filename == path:
        return f"line {e.lineno}: {type(e).__name__}: {e.msg}"
    for frame in reversed(traceback.extract_tb(e.__traceback__)):
        if frame.filename == path:
            return f"line {frame.lineno}: {text}"
    return text


function, path = None, ""
for line in questions:
    ask = json.loads(line)
    answer = {"n": ask["n"]}
    try:
        if "source" in ask:
            path = ask["path"]
            function = load(ask["source"], path, ask["function"], ask["near"])
        else:
            answer["rewards"] = rewards(function, ask["columns"], ask["rows"])
    except (Exception, SystemExit) as e:
        answer = {"n": ask["n"], "error": why(e, path)[:500]}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
