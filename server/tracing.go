package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	spans "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// tracing sends spans by OTLP where the environment names a collector
// (OTEL_EXPORTER_OTLP_ENDPOINT and its like), and nothing anywhere else. Spans have
// names and numbers, never what was asked or answered.
type tracing struct {
	tracer   spans.Tracer
	provider *sdk.TracerProvider // nil where there is no collector
}

func newTracing(ctx context.Context) (*tracing, error) {
	named := os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	if !named || os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return &tracing{tracer: noop.NewTracerProvider().Tracer("pawl")}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("reaching the collector that OTEL_EXPORTER_OTLP_ENDPOINT names: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "pawl")), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &tracing{tracer: p.Tracer("pawl"), provider: p}, nil
}

func (t *tracing) close() error {
	if t.provider == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// begin starts the span of a request, below that of the client where it names one.
func (t *tracing) begin(r *http.Request, x *exchange) (context.Context, spans.Span) {
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	return t.tracer.Start(ctx, x.api, spans.WithSpanKind(spans.SpanKindServer), spans.WithTimestamp(x.began), spans.WithAttributes(attribute.String("pawl.trace", x.id)))
}

// end ends it, with a span for every call to a model below it.
func (t *tracing) end(span spans.Span, x *exchange) {
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.request.model", x.model),
		attribute.String("pawl.recipe", x.recipe), attribute.Int("http.response.status_code", x.status),
	)
	if x.status >= 400 {
		span.SetStatus(codes.Error, "")
	}
	ctx := spans.ContextWithSpan(context.Background(), span)
	for _, r := range x.parts {
		for _, c := range r.Calls {
			_, inner := t.tracer.Start(ctx, "call "+c.Seat, spans.WithSpanKind(spans.SpanKindClient), spans.WithTimestamp(c.Began), spans.WithAttributes(
				attribute.String("gen_ai.request.model", c.Model), attribute.Int64("gen_ai.usage.input_tokens", c.Usage.PromptTokens),
				attribute.Int64("gen_ai.usage.output_tokens", c.Usage.CompletionTokens), attribute.Int("pawl.attempts", c.Attempts), attribute.Int("pawl.reused", c.Reused),
			))
			if c.Err != "" {
				inner.SetStatus(codes.Error, "")
			}
			inner.End(spans.WithTimestamp(c.Began.Add(c.Took)))
		}
	}
	span.End()
}

// file ends an exchange: metrics, trace, span and a line in the log.
func (s *Server) file(x *exchange, span spans.Span) {
	took := time.Since(x.began)
	s.metrics.count(x, took.Seconds())
	s.traces.keep(newTrace(x, took))
	s.tracing.end(span, x)
	level, code := slog.LevelInfo, ""
	if p, ok := x.err.(*problem); ok {
		code = p.code // the message may quote what was asked
		if p.status >= 500 {
			level = slog.LevelError
		}
	}
	var tokens int64
	for _, r := range x.parts {
		tokens += r.Usage.Tokens()
	}
	s.o.Log.LogAttrs(context.Background(), level, "request",
		slog.String("trace", x.id), slog.String("api", x.api), slog.String("model", x.model), slog.String("recipe", x.recipe),
		slog.String("key", x.tenant.name()), slog.Int("status", x.status), slog.String("code", code),
		slog.Int64("tokens", tokens), slog.Duration("took", took))
}
