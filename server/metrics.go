package server

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are GET /metrics. Labels are names that this server knows, never what
// clients wrote.
type metrics struct {
	http.Handler
	inflight   prometheus.Gauge
	requests   *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	first      *prometheus.HistogramVec
	tokens     *prometheus.CounterVec
	calls      *prometheus.CounterVec
	abstained  *prometheus.CounterVec
	cut        *prometheus.CounterVec
	swaps      *prometheus.CounterVec
	difference *prometheus.GaugeVec
}

// newMetrics has a registry of its own, so that several servers may be in a process.
func newMetrics() *metrics {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "pawl", Name: name, Help: help}, labels)
		r.MustRegister(v)
		return v
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "pawl", Name: name, Help: help, Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30, 100, 300},
		}, labels)
		r.MustRegister(v)
		return v
	}
	m := &metrics{
		Handler:    promhttp.HandlerFor(r, promhttp.HandlerOpts{}),
		inflight:   prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "pawl", Name: "requests_at_work", Help: "Requests that are being answered."}),
		requests:   counter("requests_total", "Requests by their HTTP status; 499 is a client that went away.", "api", "model", "recipe", "status"),
		seconds:    histogram("request_seconds", "From a request to the end of its reply.", "api", "model", "recipe"),
		first:      histogram("first_byte_seconds", "From a request to the first byte of a streamed reply.", "api", "model", "recipe"),
		tokens:     counter("tokens_total", "Tokens of all calls to models, failed and cancelled ones included.", "model", "recipe", "kind"),
		calls:      counter("calls_total", "Calls to models, by whether they failed.", "model", "recipe", "outcome"),
		abstained:  counter("abstentions_total", "Answers that were withheld.", "model", "recipe"),
		cut:        counter("cut_total", "Answers that a deadline or a budget ended early.", "model", "recipe", "by"),
		swaps:      counter("policy_swaps_total", "Policies of runs that were followed: taken over, or refused by the check of their log-probabilities.", "model", "outcome"),
		difference: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "pawl", Name: "served_logprob_difference", Help: "Largest difference between a log-probability as served and as trained, on the probes of the last check."}, []string{"model"}),
	}
	r.MustRegister(m.inflight, m.difference)
	return m
}

// count counts an exchange that has ended.
func (m *metrics) count(x *exchange, seconds float64) {
	m.requests.WithLabelValues(x.api, x.model, x.recipe, strconv.Itoa(x.status)).Inc()
	m.seconds.WithLabelValues(x.api, x.model, x.recipe).Observe(seconds)
	if x.first > 0 {
		m.first.WithLabelValues(x.api, x.model, x.recipe).Observe(x.first.Seconds())
	}
	for _, r := range x.parts {
		m.tokens.WithLabelValues(x.model, x.recipe, "prompt").Add(float64(r.Usage.PromptTokens))
		m.tokens.WithLabelValues(x.model, x.recipe, "completion").Add(float64(r.Usage.CompletionTokens))
		for _, c := range r.Calls {
			outcome := "done"
			if c.Err != "" {
				outcome = "failed"
			}
			m.calls.WithLabelValues(x.model, x.recipe, outcome).Inc()
		}
		if r.Abstained {
			m.abstained.WithLabelValues(x.model, x.recipe).Inc()
		}
		if r.Cut != "" {
			m.cut.WithLabelValues(x.model, x.recipe, r.Cut).Inc()
		}
	}
}
