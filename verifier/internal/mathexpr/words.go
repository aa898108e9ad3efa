package mathexpr

import "strings"

const (
	dash    = '\ue001' // an en or em dash: a minus, or "to"
	radical = '\ue002' // a root sign, which takes all digits that follow
)

// unicodeSigns turns the signs of Unicode into the LaTeX that they stand for.
// It is safe for concurrent use, and dear to make.
var unicodeSigns = strings.NewReplacer(
	"−", "-", "–", string(dash), "—", string(dash), "‐", "-", "‑", "-", "－", "-", "⁄", "/", "∕", "/", "＋", "+", "＝", "=", "．", ".",
	"０", "0", "１", "1", "２", "2", "３", "3", "４", "4", "５", "5", "６", "6", "７", "7", "８", "8", "９", "9", "×", `\times `, "÷", `\div `, "·", `\cdot `, "⋅", `\cdot `, "∙", `\cdot `, "∗", "*",
	"≤", `\le `, "≥", `\ge `, "⩽", `\le `, "⩾", `\ge `, "≠", `\ne `, "≈", `\approx `, "∞", `\infty `, "√", string(radical), "∛", `\sqrt[3]`,
	"°", `^\circ `, "±", `\pm `, "∓", `\mp `, "∪", `\cup `, "∩", `\cap `, "∈", `\in `, "∅", `\emptyset `, "∖", `\setminus `, "ℝ", `\R `, "∠", `\angle `,
	"π", `\pi `, "α", `\alpha `, "β", `\beta `, "γ", `\gamma `, "δ", `\delta `, "ε", `\epsilon `, "η", `\eta `, "θ", `\theta `, "λ", `\lambda `,
	"μ", `\mu `, "ρ", `\rho `, "σ", `\sigma `, "τ", `\tau `, "φ", `\phi `, "ϕ", `\phi `, "ψ", `\psi `, "ω", `\omega `, "Δ", `\Delta `, "Ω", `\Omega `,
	"⁰", "^{0}", "¹", "^{1}", "²", "^{2}", "³", "^{3}", "⁴", "^{4}", "⁵", "^{5}", "⁶", "^{6}", "⁷", "^{7}", "⁸", "^{8}", "⁹", "^{9}",
	"₀", "_{0}", "₁", "_{1}", "₂", "_{2}", "₃", "_{3}", "₄", "_{4}", "₅", "_{5}", "₆", "_{6}", "₇", "_{7}", "₈", "_{8}", "₉", "_{9}",
	"½", `\frac{1}{2}`, "⅓", `\frac{1}{3}`, "⅔", `\frac{2}{3}`, "¼", `\frac{1}{4}`, "¾", `\frac{3}{4}`, "⅕", `\frac{1}{5}`, "⅛", `\frac{1}{8}`,
	"⟨", `\langle `, "⟩", `\rangle `, "⌊", `\lfloor `, "⌋", `\rfloor `, "⌈", `\lceil `, "⌉", `\rceil `, "′", "'", "’", "'", "％", "%", "…", `\ldots `,
	"€", `\text{euro}`, "£", `\text{pound}`, "¥", `\text{yen}`, "\u00a0", " ", "\u2009", " ", "\u202f", " ", "\u2061", "", "\u2062", "*", "，", ",", "（", "(", "）", ")",
)

// functions by the names they go by.
var functions = map[string]string{
	"sin": "sin", "cos": "cos", "tan": "tan", "tg": "tan", "cot": "cot", "ctg": "cot", "sec": "sec", "csc": "csc", "cosec": "csc",
	"arcsin": "asin", "asin": "asin", "arccos": "acos", "acos": "acos", "arctan": "atan", "atan": "atan", "arctg": "atan",
	"arccot": "acot", "acot": "acot", "arcsec": "asec", "asec": "asec", "arccsc": "acsc", "acsc": "acsc",
	"sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "coth": "coth", "sech": "sech", "csch": "csch", "cosech": "csch",
	"arcsinh": "asinh", "arsinh": "asinh", "asinh": "asinh", "arccosh": "acosh", "arcosh": "acosh", "acosh": "acosh",
	"arctanh": "atanh", "artanh": "atanh", "atanh": "atanh",
	"ln": "ln", "log": "log", "lg": "log10", "exp": "exp", "sqrt": "sqrt", "cbrt": "cbrt", "abs": "abs", "floor": "floor", "ceil": "ceil", "ceiling": "ceil",
	"max": "max", "min": "min", "gcd": "gcd", "lcm": "lcm", "sgn": "sgn", "sign": "sgn",
}

// inverses of functions that may carry the exponent -1.
var inverses = map[string]string{
	"sin": "asin", "cos": "acos", "tan": "atan", "cot": "acot", "sec": "asec", "csc": "acsc", "sinh": "asinh", "cosh": "acosh", "tanh": "atanh",
}

// greek are letters that LaTeX has commands for, and plain text words.
var greek = map[string]bool{
	"alpha": true, "beta": true, "gamma": true, "delta": true, "epsilon": true, "zeta": true, "eta": true, "theta": true, "iota": true, "kappa": true,
	"lambda": true, "mu": true, "nu": true, "xi": true, "rho": true, "sigma": true, "tau": true, "upsilon": true, "phi": true, "chi": true, "psi": true,
	"omega": true, "Gamma": true, "Delta": true, "Theta": true, "Lambda": true, "Xi": true, "Pi": true, "Sigma": true, "Phi": true, "Psi": true, "Omega": true,
	"ell": true, "hbar": true,
}

// spelt are numbers in words.
var spelt = map[string]int64{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}

// magnitudes multiply the number before them, in whatever case and number.
var magnitudes = map[string]int64{"dozen": 12, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "quadrillion": 1e15, "lakh": 1e5, "crore": 1e7}

// weighty are words that, where a unit would stand, change what a number is or
// what is said of it: 5 tenths, 5 below zero, 5 wrong. Without them it is
// another answer, which a unit is not.
var weighty = map[string]bool{
	"half": true, "halve": true, "third": true, "quarter": true, "fourth": true, "fifth": true, "sixth": true, "seventh": true, "eighth": true, "ninth": true, "tenth": true,
	"hundredth": true, "thousandth": true, "millionth": true, "billionth": true, "ten": true, "score": true, "gross": true, "myriad": true, "mil": true, "bn": true, "k": true,
	"squared": true, "cubed": true, "square": true, "double": true, "twice": true, "triple": true, "couple": true, "pair": true, "percentage": true, "root": true,
	"below": true, "above": true, "under": true, "short": true, "less": true, "fewer": true, "debt": true, "loss": true, "deficit": true, "owed": true, "decrease": true, "behind": true,
	"wrong": true, "incorrect": true, "false": true, "invalid": true, "impossible": true, "unlikely": true, "instead": true, "maybe": true, "perhaps": true, "ish": true, "ago": true,
	"matrix": true, "matrice": true, "grid": true, "array": true, "repeating": true, "recurring": true, "repeated": true, "rounded": true,
	"factorial": true, "mod": true, "modulo": true, "nonzero": true, "infinite": true, "or": true, "bc": true, "bce": true,
}

// connectives are words of prose that stand between answers or that change
// what an answer means; none is part of a unit.
var connectives = map[string]bool{
	"and": true, "or": true, "more": true, "less": true, "fewer": true, "at": true, "least": true, "most": true, "not": true, "no": true, "none": true,
	"than": true, "about": true, "approximately": true, "between": true, "to": true, "if": true, "when": true, "where": true, "for": true, "such": true,
	"even": true, "odd": true, "all": true, "any": true, "every": true, "some": true, "except": true, "greater": true, "mod": true, "times": true,
	"is": true, "are": true, "was": true, "with": true, "without": true, "only": true, "both": true, "either": true, "neither": true, "from": true,
	"is not": true, "equals": true, "equal": true, "plus": true, "minus": true, "over": true, "does": true, "do": true, "cannot": true, "can": true,
	"true": true, "false": true, "yes": true, "union": true, "in": true, "undefined": true, "otherwise": true, "then": true, "by": true, "real": true,
	"positive": true, "negative": true, "remainder": true,
}

// shortWords are words of up to three letters that are no products of
// variables; longer runs of letters are words anyway.
var shortWords = map[string]bool{
	"and": true, "or": true, "pct": true, "to": true, "if": true, "for": true, "no": true, "yes": true, "all": true, "odd": true, "one": true, "two": true,
	"six": true, "ten": true, "not": true, "per": true, "the": true, "is": true, "are": true, "any": true, "of": true, "mod": true,
	"cm": true, "mm": true, "km": true, "ft": true, "yd": true, "mi": true, "kg": true, "mg": true, "lb": true, "lbs": true, "oz": true, "hr": true, "hrs": true,
	"min": true, "sec": true, "mph": true, "kph": true, "day": true, "men": true, "cup": true, "sq": true, "cu": true, "ml": true, "mL": true, "dm": true,
	"USD": true, "pm": true, "am": true, "in": true, "No": true, "Yes": true, "Or": true, "And": true, "Odd": true, "All": true, "inf": true, "oo": true, "DNE": true, "max": true, "cents": true, "th": true, "st": true, "nd": true, "rd": true,
}

// measures are units of one dimension, in terms of its base.
var measures = map[string]struct {
	dimension string
	inBase    string // a rational
}{
	"mm": {"length", "1/1000"}, "millimeter": {"length", "1/1000"}, "cm": {"length", "1/100"}, "centimeter": {"length", "1/100"},
	"dm": {"length", "1/10"}, "m": {"length", "1"}, "meter": {"length", "1"}, "metre": {"length", "1"}, "km": {"length", "1000"}, "kilometer": {"length", "1000"},
	"inch": {"length", "254/10000"}, "ft": {"length", "3048/10000"}, "foot": {"length", "3048/10000"}, "yd": {"length", "9144/10000"},
	"yard": {"length", "9144/10000"}, "mile": {"length", "1609344/1000"}, "mi": {"length", "1609344/1000"},
	"s": {"time", "1"}, "second": {"time", "1"}, "min": {"time", "60"}, "minute": {"time", "60"}, "h": {"time", "3600"}, "hr": {"time", "3600"},
	"hour": {"time", "3600"}, "day": {"time", "86400"}, "week": {"time", "604800"}, "month": {"month", "1"}, "year": {"month", "12"},
	"mg": {"mass", "1/1000"}, "milligram": {"mass", "1/1000"}, "g": {"mass", "1"}, "gram": {"mass", "1"}, "kg": {"mass", "1000"}, "kilogram": {"mass", "1000"},
	"oz": {"weight", "1"}, "ounce": {"weight", "1"}, "lb": {"weight", "16"}, "pound": {"weight", "16"},
	"ml": {"volume", "1/1000"}, "milliliter": {"volume", "1/1000"}, "l": {"volume", "1"}, "liter": {"volume", "1"}, "litre": {"volume", "1"},
	"dollar": {"dollar", "1"}, "usd": {"dollar", "1"}, "cent": {"dollar", "1/100"}, "euro": {"euro", "1"}, "yen": {"yen", "1"},
}

// synonyms are words that say the same of an answer.
var synonyms = map[string]string{
	"nosolution": "none", "nosolutions": "none", "nosolutionexists": "none", "nosolutionsexist": "none", "emptyset": "none", "theemptyset": "none",
	`\emptyset`: "none", `\varnothing`: "none", "dne": "doesnotexist", "doesnotexist": "doesnotexist", "infinitelymanysolutions": "infinitelymany", "infinitelymany": "infinitelymany",
}

// sets that go by a phrase.
var phrases = map[string]string{
	"allrealnumbers": `\R`, "allreals": `\R`, "allrealnumbersx": `\R`, "therealnumbers": `\R`, "realnumbers": `\R`, "allrealvalues": `\R`,
}
