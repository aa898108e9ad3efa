package clients

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
	"go.uber.org/goleak"

	"pawl"
	"pawl/server"
	"pawl/server/internal/scripted"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a gateway for the embedded model and scripts of the given names.
func serve(t *testing.T, names ...string) (string, *scripted.Models) {
	t.Helper()
	p, err := pawl.Open(pawl.Options{Dir: t.TempDir(), Recipes: t.TempDir(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	sc := scripted.New()
	p.Provide(pawl.ModelSim, sc)
	var o server.Options
	for _, name := range append([]string{"embedded"}, names...) {
		m, err := pawl.ParseModel(name)
		if err != nil {
			t.Fatal(err)
		}
		o.Models = append(o.Models, m)
	}
	s, err := server.New(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		h.Close()
		if err := errors.Join(s.Close(), p.Close()); err != nil {
			t.Error(err)
		}
	})
	return h.URL, sc
}

func openAI(url string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey("none"), option.WithMaxRetries(0), option.WithHTTPClient(newHTTP()))
}

func asks(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("add 3 4")}, Seed: openai.Int(1)}
}

// models are the ways to have the same question answered.
var models = []string{"embedded", "greedy/embedded", "majority-vote/embedded", "best-of-n/embedded"}

func TestOpenAIChat(t *testing.T) {
	url, _ := serve(t)
	client, ctx := openAI(url), context.Background()
	for _, model := range models {
		p := asks(model)
		if model == "embedded" {
			p.Temperature = openai.Float(0)
		}
		whole, err := client.Chat.Completions.New(ctx, p)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if len(whole.Choices) != 1 || whole.Choices[0].Message.Content != "4 3 7" || whole.Choices[0].FinishReason != "stop" || whole.Model != model {
			t.Errorf("%s: %s", model, whole.RawJSON())
		}
		if u := whole.Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("%s: usage %+v", model, u)
		}
		var verdict struct{ Trace string }
		if err := json.Unmarshal([]byte(whole.JSON.ExtraFields["pawl"].Raw()), &verdict); err != nil || verdict.Trace == "" {
			t.Errorf("%s: the field pawl is %s", model, whole.JSON.ExtraFields["pawl"].Raw())
		}
		p.StreamOptions.IncludeUsage = openai.Bool(true)
		stream := client.Chat.Completions.NewStreaming(ctx, p)
		defer stream.Close()
		var all openai.ChatCompletionAccumulator
		for stream.Next() {
			if !all.AddChunk(stream.Current()) {
				t.Errorf("%s: a chunk does not fit: %s", model, stream.Current().RawJSON())
			}
		}
		if err := stream.Err(); err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if all.Choices[0].Message.Content != "4 3 7" || all.Usage.TotalTokens != whole.Usage.TotalTokens {
			t.Errorf("%s: streamed %q with usage %+v; whole had %+v", model, all.Choices[0].Message.Content, all.Usage, whole.Usage)
		}
	}
}

func TestOpenAISeveralAnswers(t *testing.T) {
	url, _ := serve(t)
	client, ctx := openAI(url), context.Background()
	p := asks("embedded")
	p.N, p.Logprobs, p.TopLogprobs, p.Temperature = openai.Int(3), openai.Bool(true), openai.Int(2), openai.Float(0)
	whole, err := client.Chat.Completions.New(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Choices) != 3 {
		t.Fatalf("%d answers, want 3", len(whole.Choices))
	}
	for i, c := range whole.Choices {
		text := ""
		for _, token := range c.Logprobs.Content {
			text += token.Token
			if len(token.TopLogprobs) != 2 || token.TopLogprobs[0].Logprob != token.Logprob || token.Logprob > 0 {
				t.Errorf("answer %d: token %s", i, token.RawJSON())
			}
		}
		if int(c.Index) != i || text != c.Message.Content {
			t.Errorf("answer %d: index %d, the tokens say %q, the message %q", i, c.Index, text, c.Message.Content)
		}
	}
	stream := client.Chat.Completions.NewStreaming(ctx, p)
	defer stream.Close()
	var all openai.ChatCompletionAccumulator
	for stream.Next() {
		all.AddChunk(stream.Current())
	}
	if stream.Err() != nil || len(all.Choices) != 3 {
		t.Fatalf("%d answers streamed, %v", len(all.Choices), stream.Err())
	}
	for i, c := range all.Choices {
		if c.Message.Content != whole.Choices[i].Message.Content || len(c.Logprobs.Content) != len(whole.Choices[i].Logprobs.Content) {
			t.Errorf("answer %d streamed: %q and %d tokens", i, c.Message.Content, len(c.Logprobs.Content))
		}
	}
}

var weather = shared.FunctionDefinitionParam{
	Name:       "weather",
	Parameters: shared.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
}

// Tools go through strategies: the calls that most attempts agree on are the answer,
// parallel ones together, and the results come back as turns.
func TestOpenAITools(t *testing.T) {
	url, sc := serve(t, "sim:tools")
	client, ctx := openAI(url), context.Background()
	for _, model := range []string{"sim:tools", "greedy/sim:tools", "majority-vote/sim:tools"} {
		p := openai.ChatCompletionNewParams{
			Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("The weather in Oslo and Rome?")},
			Tools: []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(weather)},
		}
		for _, streamed := range []bool{false, true} {
			message := func() openai.ChatCompletionMessage {
				if !streamed {
					whole, err := client.Chat.Completions.New(ctx, p)
					if err != nil {
						t.Fatalf("%s: %v", model, err)
					}
					return whole.Choices[0].Message
				}
				stream := client.Chat.Completions.NewStreaming(ctx, p)
				defer stream.Close()
				var all openai.ChatCompletionAccumulator
				for stream.Next() {
					all.AddChunk(stream.Current())
				}
				if stream.Err() != nil {
					t.Fatalf("%s: %v", model, stream.Err())
				}
				return all.Choices[0].Message
			}
			first := message()
			if len(first.ToolCalls) != 2 || first.ToolCalls[0].Function.Name != "weather" || !strings.Contains(first.ToolCalls[0].Function.Arguments, "Oslo") || !strings.Contains(first.ToolCalls[1].Function.Arguments, "Rome") {
				t.Fatalf("%s, streamed %v: the calls are %+v", model, streamed, first.ToolCalls)
			}
			asked := p.Messages
			p.Messages = append(p.Messages, first.ToParam(), openai.ToolMessage("rain", first.ToolCalls[0].ID), openai.ToolMessage("sun", first.ToolCalls[1].ID))
			if got := message().Content; got != "It is sun there." {
				t.Errorf("%s, streamed %v: after the results: %q", model, streamed, got)
			}
			all := sc.Asked()
			path := all[len(all)-1].Path
			if len(path) != 4 || !strings.Contains(string(path[1].Data), first.ToolCalls[1].ID) || !strings.Contains(string(path[3].Data), first.ToolCalls[1].ID) {
				t.Errorf("%s: the model saw %+v", model, path)
			}
			p.Messages = asked
		}
	}
}

func TestOpenAIStructured(t *testing.T) {
	url, _ := serve(t)
	schema := map[string]any{"type": "object", "properties": map[string]any{"sum": map[string]any{"type": "integer"}, "ok": map[string]any{"type": "boolean"}}, "required": []string{"sum", "ok"}, "additionalProperties": false}
	for _, model := range models {
		p := asks(model)
		p.MaxTokens = openai.Int(200)
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "sum", Schema: schema, Strict: openai.Bool(true)}}
		client := openAI(url)
		whole, err := client.Chat.Completions.New(context.Background(), p)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		c := whole.Choices[0]
		var v struct {
			Sum *json.Number `json:"sum"`
			OK  *bool        `json:"ok"`
		}
		if json.Unmarshal([]byte(c.Message.Content), &v) != nil || v.Sum == nil || v.OK == nil {
			if withheld := strings.Contains(whole.RawJSON(), `"abstained":true`); !withheld && c.FinishReason != "length" {
				t.Errorf("%s: %q does not keep the schema", model, c.Message.Content)
			}
		}
	}
}

func TestOpenAIErrors(t *testing.T) {
	url, _ := serve(t, "sim:fails", "sim:breaks")
	client, ctx := openAI(url), context.Background()
	for _, c := range []struct {
		name   string
		change func(p *openai.ChatCompletionNewParams)
		status int
		code   string
		param  string
	}{
		{"an unknown model", func(p *openai.ChatCompletionNewParams) { p.Model = "gpt-nope" }, 404, "model_not_found", "model"},
		{"an unknown recipe", func(p *openai.ChatCompletionNewParams) { p.Model = "nope/embedded" }, 404, "model_not_found", "model"},
		{"tools of a model that knows none", func(p *openai.ChatCompletionNewParams) {
			p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(weather)}
		}, 400, "unsupported_parameter", "tools"},
		{"a field that the model cannot honour", func(p *openai.ChatCompletionNewParams) { p.FrequencyPenalty = openai.Float(1) }, 400, "unsupported_parameter", "frequency_penalty"},
		{"a temperature beyond all", func(p *openai.ChatCompletionNewParams) { p.Temperature = openai.Float(9) }, 400, "invalid_value", "temperature"},
		{"a temperature that the recipe sets", func(p *openai.ChatCompletionNewParams) { p.Model, p.Temperature = "greedy/embedded", openai.Float(1) }, 400, "unsupported_parameter", "temperature"},
		{"no messages", func(p *openai.ChatCompletionNewParams) { p.Messages = nil }, 400, "invalid_value", "messages"},
		{"an image", func(p *openai.ChatCompletionNewParams) {
			p.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64,AA=="})})}
		}, 400, "unsupported_content", "messages[0].content"},
		{"an upstream that fails", func(p *openai.ChatCompletionNewParams) { p.Model = "sim:fails" }, 500, "internal_error", ""},
	} {
		p := asks("embedded")
		c.change(&p)
		_, err := client.Chat.Completions.New(ctx, p)
		var e *openai.Error
		if !errors.As(err, &e) || e.StatusCode != c.status || e.Code != c.code || e.Param != c.param {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	stream := client.Chat.Completions.NewStreaming(ctx, asks("sim:breaks"))
	text := ""
	for stream.Next() {
		text += stream.Current().Choices[0].Delta.Content
	}
	stream.Close()
	if text != "half an " || stream.Err() == nil {
		t.Errorf("an upstream that breaks off: %q, %v", text, stream.Err())
	}
}

func TestOpenAICancels(t *testing.T) {
	url, sc := serve(t, "sim:drips")
	client := openAI(url)
	ctx, cancel := context.WithCancel(context.Background())
	stream := client.Chat.Completions.NewStreaming(ctx, asks("sim:drips"))
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	<-sc.Begun
	cancel()
	for stream.Next() {
	}
	if !errors.Is(stream.Err(), context.Canceled) {
		t.Errorf("the client saw %v", stream.Err())
	}
	stream.Close()
	sc.WaitCancelled(1) // the call behind it ends, too
}

func TestOpenAIResponses(t *testing.T) {
	url, _ := serve(t, "sim:tools")
	client, ctx := openAI(url), context.Background()
	for _, model := range models {
		p := responses.ResponseNewParams{Model: model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("add 3 4")}}
		if model == "embedded" {
			p.Temperature = openai.Float(0)
		}
		whole, err := client.Responses.New(ctx, p)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if whole.OutputText() != "4 3 7" || whole.Status != "completed" || whole.Usage.TotalTokens == 0 {
			t.Errorf("%s: %s", model, whole.RawJSON())
		}
		stream := client.Responses.NewStreaming(ctx, p)
		defer stream.Close()
		text, last := "", ""
		for stream.Next() {
			e := stream.Current()
			if last = e.Type; e.Type == "response.output_text.delta" {
				text += e.Delta
			}
			if e.Type == "response.completed" && e.Response.OutputText() != text {
				t.Errorf("%s: told %q, then %q", model, text, e.Response.OutputText())
			}
		}
		if stream.Err() != nil || text != "4 3 7" || last != "response.completed" {
			t.Errorf("%s: streamed %q, last %s, %v", model, text, last, stream.Err())
		}
	}
	p := responses.ResponseNewParams{
		Model: "majority-vote/sim:tools", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("The weather in Oslo and Rome?")},
		Tools: []responses.ToolUnionParam{{OfFunction: &responses.FunctionToolParam{Name: "weather", Parameters: map[string]any{"type": "object"}}}},
	}
	first, err := client.Responses.New(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Output) != 2 || first.Output[0].Type != "function_call" || !strings.Contains(first.Output[0].Arguments.OfString, "Oslo") {
		t.Fatalf("the calls are %s", first.RawJSON())
	}
	input := responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage("The weather in Oslo and Rome?", "user")}
	for _, item := range first.Output {
		call := item.AsFunctionCall()
		input = append(input, responses.ResponseInputItemParamOfFunctionCall(call.Arguments, call.CallID, call.Name))
	}
	for _, item := range first.Output {
		input = append(input, responses.ResponseInputItemUnionParam{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
			CallID: openai.String(item.AsFunctionCall().CallID), Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("snow")},
		}})
	}
	p.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: input}
	second, err := client.Responses.New(ctx, p)
	if err != nil || second.OutputText() != "It is snow there." {
		t.Errorf("after the results: %v, %v", second, err)
	}
}

func TestOpenAICompletionsAndModels(t *testing.T) {
	url, _ := serve(t)
	client, ctx := openAI(url), context.Background()
	done, err := client.Completions.New(ctx, openai.CompletionNewParams{
		Model: "embedded", Prompt: openai.CompletionNewParamsPromptUnion{OfArrayOfStrings: []string{"add 3 4\n", "add 2 2\n"}}, Temperature: openai.Float(0), Logprobs: openai.Int(1),
	})
	if err != nil || len(done.Choices) != 2 || done.Choices[0].Text != "4 3 7" || strings.Join(done.Choices[1].Logprobs.Tokens, "") != done.Choices[1].Text {
		t.Errorf("completions: %v, %v", done, err)
	}
	list := client.Models.ListAutoPaging(ctx)
	found := map[string]bool{}
	for list.Next() {
		found[list.Current().ID] = true
	}
	for _, model := range models {
		if !found[model] {
			t.Errorf("the list of models lacks %s: %v", model, found)
		}
		if m, err := client.Models.Get(ctx, model); err != nil || m.ID != model {
			t.Errorf("asking for model %s: %v, %v", model, m, err)
		}
	}
	if list.Err() != nil || found["pretrain-nano/embedded"] {
		t.Errorf("the list of models: %v, %v", found, list.Err())
	}
}
