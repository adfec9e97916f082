using System.Text;
using Skein.Core;

namespace Skein.Tests.Server;

public sealed class ProblemTests
{
    private const string Session = "ses_01kah3q6x9v3m8zr5t0w2y4b6c";
    private static readonly SessionId s_session = SessionId.Parse(Session);

    [Theory]
    [InlineData("GET", "/v1/sessions/..%2F..%2Fetc%2Fpasswd", 400, "malformed_id")]
    [InlineData("GET", "/v1/sessions/ses_short", 400, "malformed_id")]
    [InlineData("DELETE", "/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/queue/nope", 400, "malformed_id")]
    [InlineData("GET", "/v1/sessions/nope/events", 400, "malformed_id")]
    [InlineData("GET", "/v1/sessions?parent=nope", 400, "malformed_id")]
    [InlineData("GET", "/v1/sessions?limit=0", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions?limit=1001", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions?limit=many", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions?archived=maybe", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions?trashed=any", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions?status=1", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions?agent=a&agent=b", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/events?after=-1", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/events?after=99999999999999999999", 400, "invalid_query")]
    [InlineData("GET", "/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/messages?before=x", 400, "invalid_query")]
    [InlineData("GET", "/v1/nothing", 404, "not_found")]
    [InlineData("PUT", "/v1/sessions", 405, "method_not_allowed")]
    public async Task Bad_requests_are_problems_with_a_code(string method, string path, int status, string code)
    {
        await using var server = await WireServer.OnSocketAsync();

        var answer = await server.SendAsync(new HttpMethod(method), path);

        Assert.Equal((status, code), answer.Problem);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("/v1/sessions", """{"workspace":""", "The body is not JSON")]
    [InlineData("/v1/sessions", "", "The body lacks 'workspace'.")]
    [InlineData("/v1/sessions", "{}", "The body lacks 'workspace'.")]
    [InlineData("/v1/sessions", "null", "must be a JSON object, not null")]
    [InlineData("/v1/sessions", "[1]", "must be a JSON object, not [1]")]
    [InlineData("/v1/sessions", """{"workspace":7}""", "The field 'workspace' must be a text, not 7.")]
    [InlineData("/v1/sessions", """{"workspace":null}""", "The field 'workspace' must be a text, not null.")]
    [InlineData("/v1/sessions", """{"workspace":"/tmp","mode":"yolo"}""", "The field 'mode' must be one of ask, plan, edits, auto, not \"yolo\".")]
    [InlineData("/v1/sessions", """{"workspace":"/tmp","id":"../x"}""", "The field 'id' is \"../x\": '../x' is not an id")]
    [InlineData("/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/prompt", """{"text":"x","when":"now"}""", "The field 'when' must be one of reject, queue, steer, interrupt, not \"now\".")]
    [InlineData("/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/prompt", """{"text":"x","tools":"bash"}""", "The field 'tools' must be a list, not \"bash\".")]
    [InlineData("/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/messages", """{"role":"user","parts":[{"type":"text"}]}""", "The field 'parts[0]' lacks 'text'.")]
    [InlineData("/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/messages", """{"role":"user","parts":[{"type":"poem","text":"x"}]}""", "must be an object whose 'type' is one of text, reasoning, tool_call, tool_result, file")]
    [InlineData("/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/messages", """{"role":"boss","parts":[]}""", "The field 'role' must be one of user, assistant, system, tool, not \"boss\".")]
    [InlineData("/v1/sessions/ses_01kah3q6x9v3m8zr5t0w2y4b6c/rewind", """{"files":"yes"}""", "The field 'files' must be true or false, not \"yes\".")]
    public async Task A_malformed_body_is_told_with_the_field_its_value_and_the_rule(string path, string json, string detail)
    {
        await using var server = await WireServer.OnSocketAsync();

        var answer = await server.SendAsync(HttpMethod.Post, path, json: json);

        Assert.Equal((400, "invalid_json"), answer.Problem);
        Assert.Contains(detail, answer.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Skein.Core", answer.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_well_formed_request_that_breaks_a_rule_is_unprocessable()
    {
        await using var server = await WireServer.OnSocketAsync();

        var answer = await server.SendAsync(HttpMethod.Post, "/v1/sessions", json: """{"workspace":"relative","unknown":[1,2]}""");

        Assert.Equal((422, "invalid_request"), answer.Problem);
        Assert.Equal("The workspace 'relative' is not an absolute path.", answer.Detail);
    }

    [Fact]
    public async Task A_body_of_another_kind_is_refused()
    {
        await using var server = await WireServer.OnSocketAsync();

        var answer = await server.SendAsync(
            HttpMethod.Post, "/v1/sessions", more: r => r.Content = new StringContent("""{"workspace":"/tmp"}""", Encoding.UTF8, "text/plain"));

        Assert.Equal((415, "unsupported_media_type"), answer.Problem);
    }

    [Theory]
    [InlineData("Idempotency-Key", "")]
    [InlineData("Idempotency-Key", "tab\there")]
    [InlineData("Skein-Client", "Upper")]
    [InlineData("Skein-Client", "much-too-long-for-a-name")]
    public async Task A_malformed_header_is_named(string header, string value)
    {
        await using var server = await WireServer.OnSocketAsync();

        var answer = await server.SendAsync(HttpMethod.Post, $"/v1/sessions/{Session}/interrupt", more: r => r.Headers.TryAddWithoutValidation(header, value));

        Assert.Equal((400, "invalid_header"), answer.Problem);
        Assert.Contains(header, answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_may_have_200_characters_and_no_more()
    {
        await using var server = await WireServer.OnSocketAsync(() => new SessionNotFoundException(s_session));

        var fits = await server.SendAsync(HttpMethod.Post, $"/v1/sessions/{Session}/interrupt", more: r => r.Headers.Add("Idempotency-Key", new string('k', 200)));
        var tooLong = await server.SendAsync(HttpMethod.Post, $"/v1/sessions/{Session}/interrupt", more: r => r.Headers.Add("Idempotency-Key", new string('k', 201)));

        Assert.Equal(404, fits.Status);
        Assert.Equal((400, "invalid_header"), tooLong.Problem);
    }

    [Fact]
    public async Task What_nobody_foresaw_is_told_without_its_details()
    {
        await using var server = await WireServer.OnSocketAsync(() => new InvalidOperationException("secret detail"));

        var answer = await server.SendAsync(HttpMethod.Get, $"/v1/sessions/{Session}");

        Assert.Equal((500, "internal"), answer.Problem);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
    }

    public static TheoryData<Exception, int, string, string?> Failures => new()
    {
        { new SessionNotFoundException(s_session), 404, "session_not_found", null },
        { new NotInSessionException(s_session, "message"), 404, "not_in_session", null },
        { new TrashedException(s_session), 410, "trashed", null },
        { new ConflictException("no"), 409, "conflict", null },
        { new FilesChangedException(s_session, []), 409, "files_changed", null },
        { new MergeConflictsException(s_session, ["a"]), 409, "merge_conflicts", null },
        { new SessionExistsException(s_session, "another workspace"), 409, "session_exists", null },
        { new StoreStoppedException("The disk is full."), 503, "store_stopped", "5" },
        { new AppendUnknownException(s_session, new IOException("gone")), 503, "append_unknown", "1" },
        { new FencedException(s_session), 503, "fenced", "1" },
        { new DamagedException("The log cannot be read."), 500, "damaged", null },
        { new ObjectDisposedException("x"), 503, "stopping", "1" },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task Each_failure_has_its_status_and_its_code(Exception failure, int status, string code, string? retryAfter)
    {
        await using var server = await WireServer.OnSocketAsync(() => failure);

        var answer = await server.SendAsync(HttpMethod.Get, $"/v1/sessions/{Session}");
        var stream = await server.SendAsync(HttpMethod.Get, $"/v1/sessions/{Session}/events");

        Assert.Equal((status, code), answer.Problem);
        Assert.Equal((status, code), stream.Problem);
        Assert.Equal(retryAfter, answer.Headers.RetryAfter?.ToString());
    }
}
