"""Answers of Jinja2 itself, set up as transformers sets it up.

Reads, as JSON, a list of {template, values} from standard input, and writes one
line for each: {text}, or {error}."""
import json
import sys

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
env.filters["tojson"] = tojson
env.globals["raise_exception"] = raise_exception
for q in json.load(sys.stdin):
    try:
        line = {"text": env.from_string(q["template"]).render(**q["values"])}
    except Exception as e:
        line = {"error": str(e)}
    print(json.dumps(line))
