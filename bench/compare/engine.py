"""The PyTorch side of bench/compare: one Llama-shaped model, trained and sampled.

It is written as fast as plain PyTorch on a CPU allows without a compiler:
a fused query-key-value product, rotation as one complex product, an own
RMSNorm of few passes, parameters and gradients in one flat buffer so that
clipping and AdamW are single passes, rectangular batches, decoding with a
preallocated key-value cache under inference_mode, and an allocator that keeps
its memory. Each choice was the fastest of those tried with PyTorch 1.13.

Run by the Go program beside it, it reads one JSON command a line and answers
each with one JSON line. By hand:

    python3 engine.py --alone [--threads 2] [--seconds 1]
"""

import argparse
import ctypes
import json
import math
import os
import struct
import sys
import time


def set_threads():
    """Settings that count only if they are there before torch is loaded; those
    of the allocator even before Python is, hence the second start."""
    n = 1
    for i, a in enumerate(sys.argv[:-1]):
        if a == "--threads":
            n = int(sys.argv[i + 1])
    for k in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[k] = str(n)
    # Spinning threads lose up to 2.5 times where cores are shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        # Else glibc hands large buffers back to the kernel after each operation.
        os.environ.update(MALLOC_MMAP_THRESHOLD_="4000000000", MALLOC_TRIM_THRESHOLD_="4000000000")
        os.execv(sys.executable, [sys.executable] + sys.argv)
    return n


set_threads()
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402


class RMSNorm(torch.autograd.Function):
    """Forward and backward with fewer passes than autograd would make."""

    @staticmethod
    def forward(ctx, x, gain, eps):
        inv = torch.linalg.vecdot(x, x).div_(x.shape[-1]).add_(eps).rsqrt_().unsqueeze_(-1)
        n = x * inv
        ctx.save_for_backward(n, inv, gain)
        return n * gain

    @staticmethod
    def backward(ctx, dy):
        n, inv, gain = ctx.saved_tensors
        t = dy * gain
        d = torch.linalg.vecdot(t, n).div_(n.shape[-1]).unsqueeze_(-1)
        return t.addcmul_(n, d, value=-1).mul_(inv), torch.linalg.vecdot(dy.t(), n.t()), None


def rms_norm(x, gain, eps):
    if hasattr(F, "rms_norm"):  # PyTorch 2.4 and later
        return F.rms_norm(x, gain.shape, gain, eps)
    return RMSNorm.apply(x, gain, eps)


def read_safetensors(path):
    """8-byte length, JSON header, raw little-endian data; float32 only."""
    with open(path, "rb") as f:
        raw = bytearray(f.read())
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(bytes(raw[8 : 8 + n]))
    out = {}
    for name, e in header.items():
        if name == "__metadata__":
            continue
        if e["dtype"] != "F32":
            raise SystemExit(f"reading {path}: {name} is {e['dtype']}, want F32")
        lo, hi = e["data_offsets"]
        out[name] = torch.frombuffer(raw[8 + n + lo : 8 + n + hi], dtype=torch.float32).reshape(e["shape"])
    return out


class Model:
    """Weights under the names of a Hugging Face Llama, tied embeddings."""

    def __init__(self, cfg, weights):
        self.width, self.heads = cfg["hidden_size"], cfg["num_attention_heads"]
        if cfg.get("num_key_value_heads", self.heads) != self.heads:
            raise SystemExit("this benchmark has no grouped-query attention")
        self.layers, self.hidden = cfg["num_hidden_layers"], cfg["intermediate_size"]
        self.hd, self.eps = self.width // self.heads, cfg.get("rms_norm_eps", 1e-5)
        self.context = cfg["max_position_embeddings"]
        theta = cfg.get("rope_theta", 10000.0)
        freq = theta ** (-torch.arange(0, self.hd, 2, dtype=torch.float64) / self.hd)
        angle = torch.outer(torch.arange(self.context, dtype=torch.float64), freq)
        self.cis = torch.polar(torch.ones_like(angle), angle).to(torch.complex64)
        self.mask = torch.full((self.context, self.context), -math.inf).triu(1)

        def pairs(w):
            """Rows of a head reordered so that the two rotated halves are neighbours:
            scores are unchanged, and rotating is one complex product."""
            return w.view(self.heads, 2, self.hd // 2, self.width).transpose(1, 2).reshape(self.width, self.width)

        # Matrices first and gains last, so that weight decay applies to a prefix.
        mats, gains = [weights["model.embed_tokens.weight"]], []
        for i in range(self.layers):
            g = lambda s: weights[f"model.layers.{i}.{s}.weight"]
            q, k, v = (g(f"self_attn.{c}_proj") for c in "qkv")
            mats += [torch.cat([pairs(q), pairs(k), v]), g("self_attn.o_proj")]
            mats += [g("mlp.gate_proj"), g("mlp.up_proj"), g("mlp.down_proj")]
            gains += [g("input_layernorm"), g("post_attention_layernorm")]
        gains.append(weights["model.norm.weight"])
        self.decayed = sum(t.numel() for t in mats)
        n = self.decayed + sum(t.numel() for t in gains)
        self.flat, self.grad = torch.empty(n), torch.zeros(n)
        params, at = [], 0
        for t in mats + gains:
            p = self.flat[at : at + t.numel()].view(t.shape)
            p.copy_(t)
            p.requires_grad_(True)
            p.grad = self.grad[at : at + t.numel()].view(t.shape)
            params.append(p)
            at += t.numel()
        mats, gains = params[: len(mats)], params[len(mats) :]
        self.emb, self.norm = mats[0], gains[-1]
        self.blocks = [mats[1 + 5 * i : 6 + 5 * i] + gains[2 * i : 2 * i + 2] for i in range(self.layers)]
        self.m, self.v, self.t = torch.zeros(n), torch.zeros(n), 0
        self.tmp = torch.empty(n)

    def logits(self, ids):
        """[B,T] ids to [B*T,V] logits."""
        B, T = ids.shape
        H, hd, W = self.heads, self.hd, self.width
        x = F.embedding(ids.reshape(-1), self.emb)
        cis, mask = self.cis[:T].view(T, 1, hd // 2), self.mask[:T, :T]
        for wqkv, wo, wg, wu, wd, n1, n2 in self.blocks:
            qk, v = F.linear(rms_norm(x, n1, self.eps), wqkv).split((2 * W, W), -1)
            qk = torch.view_as_complex(qk.reshape(B, T, 2 * H, hd // 2, 2))
            q, k = torch.view_as_real(qk * cis).view(B, T, 2, H, hd).transpose(1, 3).unbind(2)
            v = v.view(B, T, H, hd).transpose(1, 2)
            if hasattr(F, "scaled_dot_product_attention"):
                a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            else:
                s = torch.baddbmm(
                    mask, q.reshape(B * H, T, hd), k.reshape(B * H, T, hd).transpose(1, 2), alpha=hd**-0.5
                )
                a = torch.bmm(F.softmax(s, -1), v.reshape(B * H, T, hd)).view(B, H, T, hd)
            x = x + F.linear(a.transpose(1, 2).reshape(B * T, W), wo)
            n = rms_norm(x, n2, self.eps)
            x = x + F.linear(F.silu(F.linear(n, wg)) * F.linear(n, wu), wd)
        return F.linear(rms_norm(x, self.norm, self.eps), self.emb)

    def loss(self, ids):
        """Mean cross-entropy of tokens 1.. given those before."""
        return F.cross_entropy(self.logits(ids[:, :-1]), ids[:, 1:].reshape(-1))

    def step(self, ids, lr, o):
        """One step: backward, clip by norm, AdamW with decoupled decay."""
        self.grad.zero_()
        loss = self.loss(ids)
        loss.backward()
        with torch.no_grad():
            g, b1, b2 = self.grad, o["beta1"], o["beta2"]
            if o["clip"] > 0:
                norm = torch.linalg.vector_norm(g).item()
                if norm > o["clip"]:
                    g.mul_(o["clip"] / norm)
            self.t += 1
            self.m.lerp_(g, 1 - b1)
            self.v.mul_(b2).addcmul_(g, g, value=1 - b2)
            c1, c2 = 1 - b1**self.t, 1 - b2**self.t
            torch.sqrt(self.v, out=self.tmp)
            self.tmp.div_(math.sqrt(c2)).add_(o["eps"])
            if o["decay"]:
                self.flat[: self.decayed].mul_(1 - lr * o["decay"])
            self.flat.addcdiv_(self.m, self.tmp, value=-lr / c1)
        return loss.item()

    @torch.inference_mode()
    def sample(self, prompt, n, new, temperature, generator):
        """n continuations of one prompt, new tokens each, with their log-probs."""
        H, hd, W = self.heads, self.hd, self.width
        end = len(prompt) + new
        cache = [torch.empty(2, n, H, end, hd) for _ in range(self.layers)]
        emb_t = self.emb.t()
        ids = torch.empty(n, end, dtype=torch.long)
        ids[:, : len(prompt)] = torch.tensor(prompt)
        logps = torch.empty(n, new)
        done = 0
        while done < end - 1:
            cur = ids[:, done : max(done + 1, len(prompt))]  # the prompt in one go, then token by token
            T = cur.shape[1]
            x = F.embedding(cur.reshape(-1), self.emb)
            cis = self.cis[done : done + T].view(T, 1, hd // 2)
            for (wqkv, wo, wg, wu, wd, n1, n2), kv in zip(self.blocks, cache):
                qkv = F.linear(rms_norm(x, n1, self.eps), wqkv).view(n, T, 3 * H, hd)
                qk = torch.view_as_complex(qkv[:, :, : 2 * H].reshape(n, T, 2 * H, hd // 2, 2))
                qk = torch.view_as_real(qk * cis).view(n, T, 2 * H, hd)
                kv[0, :, :, done : done + T] = qk[:, :, H:].transpose(1, 2)
                kv[1, :, :, done : done + T] = qkv[:, :, 2 * H :].transpose(1, 2)
                q, k, v = qk[:, :, :H].transpose(1, 2), kv[0, :, :, : done + T], kv[1, :, :, : done + T]
                if T == 1 and n > 1:  # many tiny products: one pass over the cache each is faster
                    p = F.softmax((k * q).sum(-1).mul_(hd**-0.5), -1)
                    a = (v * p.unsqueeze(-1)).sum(2).view(n, W)
                else:
                    s = (q @ k.transpose(-1, -2)).mul_(hd**-0.5)
                    if T > 1:
                        s += self.mask[:T, :T]
                    a = (F.softmax(s, -1) @ v).transpose(1, 2).reshape(n * T, W)
                x = x + F.linear(a, wo)
                h = rms_norm(x, n2, self.eps)
                x = x + F.linear(F.silu(F.linear(h, wg)).mul_(F.linear(h, wu)), wd)
            done += T
            logits = rms_norm(x.view(n, T, W)[:, -1], self.norm, self.eps) @ emb_t
            if temperature == 0:
                nxt = logits.argmax(-1)
            else:
                nxt = torch.multinomial(F.softmax(logits / temperature, -1), 1, generator=generator)[:, 0]
            ids[:, done] = nxt
            logps[:, done - len(prompt)] = F.log_softmax(logits, -1).gather(1, nxt.unsqueeze(1))[:, 0]
        return ids, logps


def random_weights(cfg, seed=1):
    g = torch.Generator().manual_seed(seed)
    W, h, V = cfg["hidden_size"], cfg["intermediate_size"], cfg["vocab_size"]
    r = lambda *s: torch.randn(*s, generator=g) * 0.1
    w = {"model.embed_tokens.weight": r(V, W), "model.norm.weight": torch.ones(W)}
    for i in range(cfg["num_hidden_layers"]):
        p = f"model.layers.{i}."
        for s in ("q", "k", "v", "o"):
            w[p + f"self_attn.{s}_proj.weight"] = r(W, W)
        w[p + "mlp.gate_proj.weight"], w[p + "mlp.up_proj.weight"] = r(h, W), r(h, W)
        w[p + "mlp.down_proj.weight"] = r(W, h)
        w[p + "input_layernorm.weight"] = w[p + "post_attention_layernorm.weight"] = torch.ones(W)
    return w


def products(a, b, c):
    """Ways to compute c = a @ b, by name, as far as their libraries are there."""
    (m, k), n = a.shape, b.shape[1]
    at = lambda t: ctypes.c_void_p(t.data_ptr())
    one, zero, dim = ctypes.c_float(1), ctypes.c_float(0), ctypes.c_int64
    ways = {"torch.matmul": lambda: torch.matmul(a, b, out=c)}
    try:
        blas = ctypes.CDLL("libopenblas.so.0")
        row, plain = 101, 111
        ways["OpenBLAS"] = lambda: blas.cblas_sgemm(row, plain, plain, m, n, k, one, at(a), k, at(b), n, zero, at(c), n)
    except OSError:
        pass
    try:
        dnnl = ctypes.CDLL("libdnnl.so.2")
        flag = ctypes.c_char(b"N")
        ways["oneDNN"] = lambda: dnnl.dnnl_sgemm(
            flag, flag, dim(m), dim(n), dim(k), one, at(a), dim(k), at(b), dim(n), zero, at(c), dim(n)
        )
    except OSError:
        pass
    return ways


class Worker:
    def __init__(self):
        self.model, self.gen = None, torch.Generator().manual_seed(1)
        self.products, self.product = {}, None

    def info(self, c):
        return {
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "kernels": os.environ.get("ATEN_CPU_CAPABILITY", "default"),
            "sdpa": hasattr(F, "scaled_dot_product_attention"),
        }

    def load(self, c):
        with open(os.path.join(c["dir"], "config.json")) as f:
            cfg = json.load(f)
        self.model = Model(cfg, read_safetensors(os.path.join(c["dir"], "model.safetensors")))
        return {"parameters": self.model.flat.numel()}

    @torch.no_grad()
    def loss(self, c):
        ids = torch.tensor(c["tokens"])
        logits = self.model.logits(ids[:, :-1])
        lp = F.log_softmax(logits, -1).gather(1, ids[:, 1:].reshape(-1, 1))[:, 0]
        return {"loss": -lp.double().mean().item(), "logprobs": lp.tolist()}

    def train(self, c):
        ids = torch.tensor(c["tokens"])
        losses = []
        t = time.perf_counter()
        for _ in range(c["steps"]):
            losses.append(self.model.step(ids, c["rate"], c))
        return {"seconds": time.perf_counter() - t, "loss": losses[-1]}

    def sample(self, c):
        t = time.perf_counter()
        for _ in range(c["times"]):
            ids, lp = self.model.sample(c["prompt"], c["n"], c["new"], c["temperature"], self.gen)
        dt = time.perf_counter() - t
        return {"seconds": dt, "tokens": c["times"] * c["n"] * c["new"], "first": ids[0].tolist(), "logprobs": lp[0].tolist()}

    def factors(self, c):
        m, n, k = c["m"], c["n"], c["k"]
        x = torch.from_file(c["file"], size=(m + n) * k).clone()
        self.product = torch.zeros(m, n)
        self.products = products(x[: m * k].view(m, k), x[m * k :].view(k, n), self.product)
        return {"names": list(self.products)}

    def gemm(self, c):
        run = self.products[c["by"]]
        if "out" in c:
            self.product.zero_()
        t = time.perf_counter()
        for _ in range(c["times"]):
            run()
        dt = time.perf_counter() - t
        if "out" in c:
            with open(c["out"], "wb") as f:
                f.write(self.product.numpy().tobytes())
        return {"seconds": dt}

    def peak(self, c):
        """Megabytes: before the model is there, and at most while it trains."""

        def status(key):
            with open("/proc/self/status") as f:
                return next(float(l.split()[1]) / 1e3 for l in f if l.startswith(key + ":"))

        idle = status("VmRSS")
        self.load(c)
        self.train(c)
        return {"idle": idle, "all": status("VmHWM")}

    def serve(self):
        for line in sys.stdin:
            c = json.loads(line)
            print(json.dumps(getattr(self, c["cmd"])(c)), flush=True)


def alone(seconds):
    """Speeds of this side by itself, on random weights."""
    w = Worker()
    print(json.dumps(w.info({})))
    opt = dict(rate=1e-3, beta1=0.9, beta2=0.98, eps=1e-8, decay=0.1, clip=1.0)
    for width, layers, heads, hidden, lengths in ((64, 2, 4, 176, (13, 32)), (128, 3, 4, 344, (32,))):
        cfg = dict(
            hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=hidden,
            vocab_size=24, max_position_embeddings=64,
        )
        w.model = Model(cfg, random_weights(cfg))
        name = f"{w.model.flat.numel() / 1e6:.2f}M"

        def timed(what, f, unit):
            f()
            rs, end = [], time.perf_counter() + seconds
            while len(rs) < 5 or time.perf_counter() < end:
                rs.append(f())
            rs.sort()
            print(json.dumps({"what": f"{what} {name}", "median": rs[len(rs) // 2], "best": rs[0], "unit": unit}))

        for T in lengths:
            ids = torch.randint(24, (128, T + 1)).tolist()
            timed(f"train 128x{T}", lambda: w.train(dict(opt, tokens=ids, steps=3))["seconds"] / 3e-3, "ms/step")
        for n, times in ((256, 1), (1, 5)):
            c = dict(prompt=[1, 2, 3, 4, 5], n=n, new=27, temperature=1.0, times=times)
            timed(f"sample {n}", lambda: 1e3 * w.sample(c)["seconds"] / times / 27, "ms/position")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--alone", action="store_true")
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--seconds", type=float, default=1)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    alone(a.seconds) if a.alone else Worker().serve()
