"""Logits of a Hugging Face folder, for the test that compares them with the
engine's. Two implementations that share nothing with it: --numpy runs that of
forward.py, --torch one in PyTorch, below. Token ids come as a JSON list of
lists of one length; the logits after every token go out as JSON.
"""

import argparse
import json
import math
import os
import sys


def with_numpy(folder, ids):
    import numpy as np

    import forward

    return forward.Model(folder).logits(np.array(ids), every=True).tolist()


def with_torch(folder, ids):
    import torch
    import torch.nn.functional as F

    import forward

    torch.set_num_threads(1)
    with open(os.path.join(folder, "config.json")) as f:
        c = json.load(f)
    w = {k: torch.tensor(v) for k, v in forward.read_safetensors(os.path.join(folder, "model.safetensors")).items()}
    heads, kv, hd = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
    linear = lambda x, name: F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    def norm(x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["rms_norm_eps"]) * w[name]

    def inverse_frequency(j):
        f = c["rope_theta"] ** (-2 * j / hd)
        r = c.get("rope_scaling") or {"rope_type": "default"}
        if r["rope_type"] == "linear":
            return f / r["factor"]
        if r["rope_type"] == "llama3":
            turns = r["original_max_position_embeddings"] * f / (2 * math.pi)
            t = (turns - r["low_freq_factor"]) / (r["high_freq_factor"] - r["low_freq_factor"])
            t = min(1.0, max(0.0, t))
            return f * t + f / r["factor"] * (1 - t)
        return f

    T = len(ids[0])
    # A pair is a complex number, turned by a unit.
    angle = torch.zeros(T, hd // 2)
    if not c.get("pawl_no_rope"):
        angle = torch.arange(T)[:, None] * torch.tensor([inverse_frequency(j) for j in range(hd // 2)])
    unit = torch.polar(torch.ones_like(angle), angle)

    def turn(x):  # [B, heads, T, hd]
        z = torch.complex(x[..., : hd // 2].contiguous(), x[..., hd // 2 :].contiguous()) * unit
        return torch.cat((z.real, z.imag), -1)

    def split(x, n):
        return x.unflatten(-1, (n, hd)).transpose(1, 2)

    x = F.embedding(torch.tensor(ids), w["model.embed_tokens.weight"])
    mask = torch.ones(T, T, dtype=torch.bool).tril().logical_not()
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        h = norm(x, p + "input_layernorm.weight")
        q, k, v = (split(linear(h, p + f"self_attn.{s}_proj"), n) for s, n in (("q", heads), ("k", kv), ("v", kv)))
        if p + "self_attn.q_norm.weight" in w:
            q, k = norm(q, p + "self_attn.q_norm.weight"), norm(k, p + "self_attn.k_norm.weight")
        q, k = turn(q), turn(k)
        k, v = (t.repeat_interleave(heads // kv, 1) for t in (k, v))
        a = (q @ k.mT / math.sqrt(hd)).masked_fill(mask, -math.inf).softmax(-1) @ v
        x = x + linear(a.transpose(1, 2).flatten(2), p + "self_attn.o_proj")
        h = norm(x, p + "post_attention_layernorm.weight")
        x = x + linear(F.silu(linear(h, p + "mlp.gate_proj")) * linear(h, p + "mlp.up_proj"), p + "mlp.down_proj")
    x = norm(x, "model.norm.weight")
    return F.linear(x, w["model.embed_tokens.weight"] if c["tie_word_embeddings"] else w["lm_head.weight"]).tolist()


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--torch", action="store_true")
    ap.add_argument("--numpy", action="store_true")
    ap.add_argument("folder", nargs="+")
    a = ap.parse_args()
    ids = json.load(sys.stdin)
    for folder in a.folder:
        print(json.dumps((with_torch if a.torch else with_numpy)(folder, ids)))
