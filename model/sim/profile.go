package sim

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Levels of tasks, from easy to hard.
const Levels = 5

// Profile is what a simulation is like. A file says in what it differs from the
// profile named default.
type Profile struct {
	About    string    `yaml:"about"`
	Accuracy []float64 `yaml:"accuracy"` // of one attempt, at levels 1 to 5
	Spread   float64   `yaml:"spread"`   // how much tasks of a level differ, 0 to 1
	Shared   float64   `yaml:"shared"`   // share of wrong attempts that make the task's typical mistake
	Voice    string    `yaml:"voice"`    // how its own attempts open
	Words    [2]int    `yaml:"words"`    // fewest and most words of talk in an attempt

	Verify struct {
		Sensitivity float64 `yaml:"sensitivity"`
		Specificity float64 `yaml:"specificity"`
	} `yaml:"verify"`
	Compare struct {
		Accuracy float64 `yaml:"accuracy"` // of a right attempt over a wrong one, all else equal
		Order    float64 `yaml:"order"`    // log-odds for what is shown first
		Length   float64 `yaml:"length"`   // log-odds for twice the words
		Self     float64 `yaml:"self"`     // log-odds for its own
	} `yaml:"compare"`
	Confidence struct {
		Scale float64 `yaml:"scale"`
		Shift float64 `yaml:"shift"`
	} `yaml:"confidence"`
	Revise struct {
		Repairs float64 `yaml:"repairs"` // chance that a wrong attempt is right afterwards
		Spoils  float64 `yaml:"spoils"`  // chance that a right one is wrong afterwards
	} `yaml:"revise"`
	Aggregate float64 `yaml:"aggregate"` // chance of a right answer where one of the attempts shown is right
	Abstain   float64 `yaml:"abstain"`   // below this confidence it does not try, where it may choose
	Latency   struct {
		First time.Duration `yaml:"first"`
		Token time.Duration `yaml:"token"`
	} `yaml:"latency"`
}

//go:embed profiles/*.yaml
var embedded embed.FS

// Names lists the profiles in the binary.
func Names() []string {
	files, _ := fs.Glob(embedded, "profiles/*.yaml") // the pattern is right
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".yaml")
	}
	return files
}

// maxProfile bounds a profile's file.
const maxProfile = 64 << 10

// Load reads a profile by its name, or from a file whose name ends in .yaml or
// .yml.
func Load(name string) (*Profile, []byte, error) {
	if ext := filepath.Ext(name); ext != ".yaml" && ext != ".yml" {
		text, err := embedded.ReadFile("profiles/" + name + ".yaml")
		if err != nil {
			return nil, nil, fmt.Errorf("reading the simulation %q: there is none of that name; there are %s, and files as sim:FILE.yaml", name, strings.Join(Names(), ", "))
		}
		p, err := Parse(name+".yaml", text)
		return p, text, err
	}
	info, err := os.Stat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxProfile) {
		err = fmt.Errorf("%s: it is no file of at most %d KiB", name, maxProfile>>10)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading a simulation: %w", err)
	}
	p, err := Parse(name, text)
	return p, text, err
}

// Parse reads and checks a profile. Errors name file, line and value.
func Parse(file string, text []byte) (*Profile, error) {
	var p Profile
	start, err := embedded.ReadFile("profiles/default.yaml")
	if err == nil {
		err = yaml.Unmarshal(start, &p)
	}
	if err != nil {
		panic("sim: " + err.Error()) // a file of the program's own
	}
	p.About = ""
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			return nil, fmt.Errorf("reading the simulation %s:%d: %s", file, at.GetToken().Position.Line, at.GetMessage())
		}
		return nil, fmt.Errorf("reading the simulation %s: %w", file, err)
	}
	if key, why := p.faulty(); key != "" {
		return nil, fmt.Errorf("reading the simulation %s:%d: %s: %s", file, lineOf(text, key), key, why)
	}
	return &p, nil
}

// faulty names the first key whose value makes no sense, and why.
func (p *Profile) faulty() (key, why string) {
	if len(p.Accuracy) != Levels {
		return "accuracy", fmt.Sprintf("has %d values; it has one for each of the levels 1 to %d", len(p.Accuracy), Levels)
	}
	shares := []struct {
		key   string
		value float64
	}{
		{"spread", p.Spread}, {"shared", p.Shared}, {"verify.sensitivity", p.Verify.Sensitivity}, {"verify.specificity", p.Verify.Specificity},
		{"compare.accuracy", p.Compare.Accuracy}, {"revise.repairs", p.Revise.Repairs}, {"revise.spoils", p.Revise.Spoils},
		{"aggregate", p.Aggregate}, {"abstain", p.Abstain},
	}
	for _, a := range p.Accuracy {
		shares = append(shares, struct {
			key   string
			value float64
		}{"accuracy", a})
	}
	for _, s := range shares {
		if !(s.value >= 0 && s.value <= 1) {
			return s.key, fmt.Sprintf("is %v; it must be from 0 to 1", s.value)
		}
	}
	const most = 50 // in log-odds, which is as sure as it gets
	for _, l := range []struct {
		key   string
		value float64
	}{
		{"compare.order", p.Compare.Order}, {"compare.length", p.Compare.Length}, {"compare.self", p.Compare.Self},
		{"confidence.scale", p.Confidence.Scale}, {"confidence.shift", p.Confidence.Shift},
	} {
		if !(math.Abs(l.value) <= most) {
			return l.key, fmt.Sprintf("is %v; it must be from -%d to %d", l.value, most, most)
		}
	}
	switch {
	case p.Words[0] < 0 || p.Words[1] < p.Words[0] || p.Words[1] > 10_000:
		return "words", fmt.Sprintf("is %v; it must be the fewest and the most, from 0 to 10000", p.Words)
	case p.Latency.First < 0 || p.Latency.Token < 0 || p.Latency.First > time.Hour || p.Latency.Token > time.Minute:
		return "latency", fmt.Sprintf("is %v, then %v a token; first may be up to 1h, token up to 1m", p.Latency.First, p.Latency.Token)
	case strings.ContainsAny(p.Voice, "\n\r#"):
		return "voice", fmt.Sprintf("%q may hold neither line ends nor hash marks: answers are read by them", p.Voice)
	}
	return "", ""
}

// lineOf is the line of a key, or of the nearest above it that the text has; 1 for
// none.
func lineOf(text []byte, key string) int {
	for key != "" {
		path, err := yaml.PathString("$." + key)
		if err == nil {
			if node, err := path.ReadNode(strings.NewReader(string(text))); err == nil && node.GetToken() != nil {
				return node.GetToken().Position.Line
			}
		}
		key = key[:max(strings.LastIndexByte(key, '.'), 0)]
	}
	return 1
}

// at is the accuracy at a level, which is brought into range.
func (p *Profile) at(level int) float64 { return p.Accuracy[min(max(level, 1), Levels)-1] }
