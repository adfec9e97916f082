using System.Text.Json;
using Skein.Tests.House;

namespace Skein.Tests.Server;

public sealed class ApiDescriptionTests
{
    [Fact]
    public async Task The_openapi_document_has_every_call_and_speaks_snake_case()
    {
        await using var server = await WireServer.OnSocketAsync();

        var answer = await server.SendAsync(HttpMethod.Get, "/openapi/v1.json");

        Assert.Equal(200, answer.Status);
        var calls = answer.Json.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name.ToUpperInvariant()} {p.Name}")).Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "DELETE /v1/sessions/live", "DELETE /v1/sessions/{id}", "DELETE /v1/sessions/{id}/live", "DELETE /v1/sessions/{id}/queue/{turn}",
                "GET /health", "GET /v1/blobs/{sha256}", "GET /v1/events", "GET /v1/search", "GET /v1/server", "GET /v1/sessions", "GET /v1/sessions/{id}",
                "GET /v1/sessions/{id}/diff", "GET /v1/sessions/{id}/events", "GET /v1/sessions/{id}/messages", "GET /v1/sessions/{id}/messages/{message}", "GET /v1/spending",
                "PATCH /v1/sessions/{id}", "PATCH /v1/sessions/{id}/messages/{message}", "PATCH /v1/sessions/{id}/queue/{turn}",
                "POST /v1/blobs", "POST /v1/server/gc", "POST /v1/server/stop", "POST /v1/sessions", "POST /v1/sessions/import", "POST /v1/sessions/{id}/compact", "POST /v1/sessions/{id}/fork", "POST /v1/sessions/{id}/interrupt",
                "POST /v1/sessions/{id}/merge", "POST /v1/sessions/{id}/messages", "POST /v1/sessions/{id}/move", "POST /v1/sessions/{id}/permissions/{permission}", "POST /v1/sessions/{id}/prompt", "POST /v1/sessions/{id}/queue/start",
                "POST /v1/sessions/{id}/restore", "POST /v1/sessions/{id}/rewind", "POST /v1/sessions/{id}/unmerge", "POST /v1/sessions/{id}/unrewind",
            ],
            calls);
        var schemas = answer.Json.GetProperty("components").GetProperty("schemas");
        var view = schemas.GetProperty("SessionView").GetProperty("properties");
        Assert.True(view.TryGetProperty("created_at", out _) && view.TryGetProperty("clients", out _) && view.TryGetProperty("damage", out _));
        Assert.Equal(
            "#/components/schemas/NewSession",
            Call(answer.Json, "/v1/sessions", "post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json")
                .GetProperty("schema").GetProperty("$ref").GetString());
        Assert.Equal(
            ["id", "before", "limit"],
            Call(answer.Json, "/v1/sessions/{id}/messages", "get").GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()));
        Assert.True(Call(answer.Json, "/v1/sessions/{id}/prompt", "post").GetProperty("responses").TryGetProperty("202", out _));
    }

    [Fact]
    public async Task The_protocol_page_has_every_call_and_every_code()
    {
        var page = Repository.Read("docs/protocol.md");
        await using var server = await WireServer.OnSocketAsync();

        var document = (await server.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json;
        var calls = document.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(m => $"`{m.Name.ToUpperInvariant()} {p.Name}"));
        var codes = ProblemTests.Failures.Select(f => f.Data.Item3).Concat(
        [
            "malformed_id", "invalid_json", "invalid_query", "invalid_header", "bad_request", "timeout", "unauthorized", "host_refused", "origin_refused",
            "not_found", "method_not_allowed", "busy", "cursor_ahead", "too_large", "unsupported_media_type", "invalid_request", "internal",
        ]);

        Assert.All(calls, call => Assert.Contains(call, page, StringComparison.Ordinal));
        Assert.All(codes, code => Assert.Contains($"`{code}`", page, StringComparison.Ordinal));
    }

    private static JsonElement Call(JsonElement document, string path, string method) =>
        document.GetProperty("paths").GetProperty(path).GetProperty(method);
}
