package clients

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

// newHTTP keeps no connections, which would look like leaks.
func newHTTP() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

func claude(url string) anthropic.Client {
	return anthropic.NewClient(option.WithBaseURL(url), option.WithAPIKey("none"), option.WithMaxRetries(0), option.WithHTTPClient(newHTTP()))
}

func says(model string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{Model: anthropic.Model(model), MaxTokens: 50, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("add 3 4"))}}
}

func TestAnthropic(t *testing.T) {
	url, _ := serve(t)
	client, ctx := claude(url), context.Background()
	for _, model := range models {
		p := says(model)
		if model == "embedded" {
			p.Temperature = anthropic.Float(0)
		}
		whole, err := client.Messages.New(ctx, p)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if len(whole.Content) != 1 || whole.Content[0].Text != "4 3 7" || whole.StopReason != "end_turn" || whole.Usage.OutputTokens == 0 {
			t.Errorf("%s: %s", model, whole.RawJSON())
		}
		stream := client.Messages.NewStreaming(ctx, p)
		defer stream.Close()
		var all anthropic.Message
		for stream.Next() {
			if err := all.Accumulate(stream.Current()); err != nil {
				t.Errorf("%s: %v", model, err)
			}
		}
		if stream.Err() != nil || len(all.Content) != 1 || all.Content[0].Text != "4 3 7" || all.StopReason != "end_turn" {
			t.Errorf("%s: streamed %+v, %v", model, all.Content, stream.Err())
		}
	}
	p := says("embedded")
	p.MaxTokens, p.Temperature = 2, anthropic.Float(0)
	if cut, err := client.Messages.New(ctx, p); err != nil || cut.StopReason != "max_tokens" {
		t.Errorf("an answer that is cut: %v, %v", cut, err)
	}
}

func TestAnthropicTools(t *testing.T) {
	url, sc := serve(t, "sim:tools")
	client, ctx := claude(url), context.Background()
	for _, model := range []string{"sim:tools", "majority-vote/sim:tools"} {
		p := says(model)
		p.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{Name: "weather", InputSchema: anthropic.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}}}}}
		asked := p.Messages
		for _, streamed := range []bool{false, true} {
			message := func() anthropic.Message {
				if !streamed {
					whole, err := client.Messages.New(ctx, p)
					if err != nil {
						t.Fatalf("%s: %v", model, err)
					}
					return *whole
				}
				stream := client.Messages.NewStreaming(ctx, p)
				defer stream.Close()
				var all anthropic.Message
				for stream.Next() {
					if err := all.Accumulate(stream.Current()); err != nil {
						t.Fatal(err)
					}
				}
				if stream.Err() != nil {
					t.Fatal(stream.Err())
				}
				return all
			}
			first := message()
			if len(first.Content) != 2 || first.StopReason != "tool_use" || first.Content[1].Name != "weather" || !strings.Contains(string(first.Content[1].Input), "Rome") {
				t.Fatalf("%s, streamed %v: %+v", model, streamed, first.Content)
			}
			p.Messages = append(asked, first.ToParam(), anthropic.NewUserMessage(
				anthropic.NewToolResultBlock(first.Content[0].ID, "rain", false), anthropic.NewToolResultBlock(first.Content[1].ID, "sun", false)))
			if got := message().Content[0].Text; got != "It is sun there." {
				t.Errorf("%s, streamed %v: after the results: %q", model, streamed, got)
			}
			all := sc.Asked()
			var data struct {
				ID string `json:"tool_call_id"`
			}
			path := all[len(all)-1].Path
			if len(path) != 4 || json.Unmarshal(path[3].Data, &data) != nil || data.ID != first.Content[1].ID {
				t.Errorf("%s: the model saw %+v", model, path)
			}
			p.Messages = asked
		}
	}
}

func TestAnthropicErrors(t *testing.T) {
	url, sc := serve(t, "sim:fails", "sim:breaks", "sim:drips")
	client, ctx := claude(url), context.Background()
	for _, c := range []struct {
		name, model string
		change      func(p *anthropic.MessageNewParams)
		status      int
		kind        anthropic.ErrorType
	}{
		{"an unknown model", "claude-nope", nil, 404, "not_found_error"},
		{"a field that the model cannot honour", "embedded", func(p *anthropic.MessageNewParams) {
			p.Thinking = anthropic.ThinkingConfigParamOfEnabled(1024)
		}, 400, "invalid_request_error"},
		{"an upstream that fails", "sim:fails", nil, 500, "api_error"},
	} {
		p := says(c.model)
		if c.change != nil {
			c.change(&p)
		}
		_, err := client.Messages.New(ctx, p)
		var e *anthropic.Error
		if !errors.As(err, &e) || e.StatusCode != c.status || e.Type() != c.kind || e.RequestID == "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	stream := client.Messages.NewStreaming(ctx, says("sim:breaks"))
	for stream.Next() {
	}
	stream.Close()
	if stream.Err() == nil {
		t.Error("an upstream that breaks off is no error")
	}
	cancelled, cancel := context.WithCancel(ctx)
	stream = client.Messages.NewStreaming(cancelled, says("sim:drips"))
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	<-sc.Begun
	cancel()
	for stream.Next() {
	}
	stream.Close()
	sc.WaitCancelled(1)
}
