"""Computes golden.json: logits, loss, gradients and ten AdamW losses of a tiny
Llama, in float64 by reverse-mode differentiation of scalars. It needs nothing
but Python's standard library and shares no code with the engine.

    python3 golden.py > golden.json
"""

import json
import math
import struct
import sys

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
    "vocab_size": 7, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 11, "max_position_embeddings": 16,
    "rope_theta": 100.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
    "bos_token_id": None, "eos_token_id": None,
}
BATCH = [  # tokens, and which of them carry loss
    ([1, 4, 2, 6, 0, 3], [0, 1, 1, 1, 1, 1]),
    ([5, 5, 1], [0, 0, 1]),
    ([2, 0, 3, 3, 4], [0, 1, 0, 0, 1]),
]
STEP = {"lr": 0.01, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "decay": 0.1, "clip": 1.0}
STEPS = 10

VOCAB, WIDTH, LAYERS = CONFIG["vocab_size"], CONFIG["hidden_size"], CONFIG["num_hidden_layers"]
HEADS, KV, HIDDEN = CONFIG["num_attention_heads"], CONFIG["num_key_value_heads"], CONFIG["intermediate_size"]
SIZE = WIDTH // HEADS


class Scalar:
    """A number that remembers what it was computed from."""

    __slots__ = ("x", "g", "back")

    def __init__(self, x, back=()):
        self.x, self.g, self.back = x, 0.0, back

    def __add__(self, o):
        return Scalar(self.x + o.x, ((self, 1.0), (o, 1.0)))

    def __mul__(self, o):
        return Scalar(self.x * o.x, ((self, o.x), (o, self.x)))

    def times(self, c):
        return Scalar(self.x * c, ((self, c),))

    def plus(self, c):
        return Scalar(self.x + c, ((self, 1.0),))

    def apply(self, y, slope):
        return Scalar(y, ((self, slope),))

    def exp(self):
        e = math.exp(self.x)
        return self.apply(e, e)

    def log(self):
        return self.apply(math.log(self.x), 1 / self.x)

    def inverse(self):
        return self.apply(1 / self.x, -1 / self.x**2)

    def rsqrt(self):
        return self.apply(self.x**-0.5, -0.5 * self.x**-1.5)

    def silu(self):
        s = 1 / (1 + math.exp(-self.x))
        return self.apply(self.x * s, s * (1 + self.x * (1 - s)))


def total(items):
    items = list(items)
    return Scalar(math.fsum(i.x for i in items), tuple((i, 1.0) for i in items))


def dot(a, b):
    return Scalar(
        math.fsum(p.x * q.x for p, q in zip(a, b)),
        tuple((p, q.x) for p, q in zip(a, b)) + tuple((q, p.x) for p, q in zip(a, b)),
    )


def backward(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((n, False) for n, _ in node.back)
    root.g = 1.0
    for node in reversed(order):
        for n, slope in node.back:
            n.g += node.g * slope


def names():
    """Every tensor's name and shape, in the order that numbers the weights."""
    kv = KV * SIZE
    yield "model.embed_tokens.weight", (VOCAB, WIDTH)
    for i in range(LAYERS):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", (WIDTH,)
        yield p + "self_attn.q_proj.weight", (WIDTH, WIDTH)
        yield p + "self_attn.k_proj.weight", (kv, WIDTH)
        yield p + "self_attn.v_proj.weight", (kv, WIDTH)
        yield p + "self_attn.o_proj.weight", (WIDTH, WIDTH)
        yield p + "post_attention_layernorm.weight", (WIDTH,)
        yield p + "mlp.gate_proj.weight", (HIDDEN, WIDTH)
        yield p + "mlp.up_proj.weight", (HIDDEN, WIDTH)
        yield p + "mlp.down_proj.weight", (WIDTH, HIDDEN)
    yield "model.norm.weight", (WIDTH,)


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def initial():
    """Weights by a rule that the test repeats: a linear congruence, scaled."""
    weights, state = {}, 12345
    for name, shape in names():
        values = []
        for _ in range(math.prod(shape)):
            state = (state * 1103515245 + 12345) % 2**31
            w = (state // 65536 % 2001 - 1000) / 2000
            values.append(single(1 + w / 4 if len(shape) == 1 else w))
        weights[name] = values
    return weights


def norm(x, gain):
    inverse = dot(x, x).times(1 / WIDTH).plus(CONFIG["rms_norm_eps"]).rsqrt()
    return [a * inverse * g for a, g in zip(x, gain)]


def turn(head, position):
    half, out = SIZE // 2, list(head)
    for j in range(half):
        angle = position * CONFIG["rope_theta"] ** (-2 * j / SIZE)
        c, s = math.cos(angle), math.sin(angle)
        out[j] = head[j].times(c) + head[j + half].times(-s)
        out[j + half] = head[j + half].times(c) + head[j].times(s)
    return out


def forward(w, tokens):
    def rows(name, width):
        return [w[name][i : i + width] for i in range(0, len(w[name]), width)]

    def project(name, x):
        return [dot(row, x) for row in rows(name, len(x))]

    embed = rows("model.embed_tokens.weight", WIDTH)
    x = [list(embed[t]) for t in tokens]
    for i in range(LAYERS):
        p = f"model.layers.{i}."
        q, k, v = [], [], []
        for t, row in enumerate(x):
            n = norm(row, w[p + "input_layernorm.weight"])
            heads = lambda y: [y[h : h + SIZE] for h in range(0, len(y), SIZE)]
            q.append([turn(h, t) for h in heads(project(p + "self_attn.q_proj.weight", n))])
            k.append([turn(h, t) for h in heads(project(p + "self_attn.k_proj.weight", n))])
            v.append(heads(project(p + "self_attn.v_proj.weight", n)))
        for t in range(len(x)):
            mixed = []
            for h in range(HEADS):
                g = h * KV // HEADS
                e = [dot(q[t][h], k[u][g]).times(SIZE**-0.5).exp() for u in range(t + 1)]
                inverse = total(e).inverse()
                for d in range(SIZE):
                    mixed.append(dot(e, [v[u][g][d] for u in range(t + 1)]) * inverse)
            x[t] = [a + b for a, b in zip(x[t], project(p + "self_attn.o_proj.weight", mixed))]
            n = norm(x[t], w[p + "post_attention_layernorm.weight"])
            gate, up = project(p + "mlp.gate_proj.weight", n), project(p + "mlp.up_proj.weight", n)
            hidden = [a.silu() * b for a, b in zip(gate, up)]
            x[t] = [a + b for a, b in zip(x[t], project(p + "mlp.down_proj.weight", hidden))]
    return [[dot(e, n) for e in embed] for n in (norm(row, w["model.norm.weight"]) for row in x)]


def run(values):
    """Mean cross-entropy of the batch, its gradients, and all logits."""
    w = {name: [Scalar(v) for v in list_] for name, list_ in values.items()}
    losses, logits = [], []
    for tokens, mask in BATCH:
        out = forward(w, tokens)
        logits.append([[s.x for s in row] for row in out])
        for t in range(1, len(tokens)):
            if mask[t]:
                losses.append(total(s.exp() for s in out[t - 1]).log() + out[t - 1][tokens[t]].times(-1.0))
    loss = total(losses).times(1 / len(losses))
    backward(loss)
    return loss.x, {name: [s.g for s in list_] for name, list_ in w.items()}, logits


def main():
    w = initial()
    loss, grad, logits = run(w)
    golden = {
        "config": CONFIG, "batch": [{"tokens": t, "loss": m} for t, m in BATCH], "step": STEP,
        "logits": logits, "loss": loss, "gradients": grad, "losses": [], "norms": [],
    }
    m = {n: [0.0] * len(v) for n, v in w.items()}
    s = {n: [0.0] * len(v) for n, v in w.items()}
    shapes = dict(names())
    for step in range(1, STEPS + 1):
        loss, grad, _ = run(w)
        size = math.sqrt(math.fsum(g * g for v in grad.values() for g in v))
        golden["losses"].append(loss)
        golden["norms"].append(size)
        clip = min(1.0, STEP["clip"] / size)
        for n in w:
            decay = STEP["decay"] if len(shapes[n]) == 2 else 0.0
            for i, g in enumerate(grad[n]):
                g *= clip
                m[n][i] = STEP["beta1"] * m[n][i] + (1 - STEP["beta1"]) * g
                s[n][i] = STEP["beta2"] * s[n][i] + (1 - STEP["beta2"]) * g * g
                mean = m[n][i] / (1 - STEP["beta1"] ** step)
                root = math.sqrt(s[n][i] / (1 - STEP["beta2"] ** step))
                w[n][i] -= STEP["lr"] * (mean / (root + STEP["eps"]) + decay * w[n][i])
    brief = json.loads(json.dumps(golden), parse_float=lambda x: float(f"{float(x):.9g}"))
    json.dump(brief, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
