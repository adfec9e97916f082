using System.Net;
using System.Text.Json;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Search;
using Skein.Testing;
using Skein.Tests.Client;

namespace Skein.Tests.Server;

public sealed class SearchApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<IReadOnlyList<SearchLine>> SearchAsync(ApiServer api, SearchQuery query) =>
        await api.Client.SearchAsync(query, Cancellation).ToListAsync(Cancellation);

    private static async Task SayAsync(ApiServer api, SessionId session, string text) =>
        await api.Client.AddMessageAsync(session, new NewMessage(Role.User, [new TextPart(text)]), Cancellation);

    [Fact]
    public async Task Hits_come_one_a_line_and_the_last_line_says_that_it_is_all()
    {
        await using var api = await ApiServer.StartAsync();
        var session = await api.NewSessionAsync();
        await SayAsync(api, session, "Zwei \"Gänse\" 🦢\nfliegen");

        using var response = await api.Http.GetAsync("/v1/search?text=G%C3%84NSE%22", Cancellation);
        var lines = (await response.Content.ReadAsStringAsync(Cancellation)).Split('\n');

        Assert.Equal((HttpStatusCode.OK, "application/x-ndjson"), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        Assert.Equal(3, lines.Length);
        var hit = JsonElement.Parse(lines[0]).GetProperty("hit");
        Assert.Equal(
            (session.Value, "text", "user", 2), (hit.GetProperty("session").GetString(), hit.GetProperty("kind").GetString(), hit.GetProperty("role").GetString(), hit.GetProperty("seq").GetInt32()));
        Assert.Equal("""{"text":"Zwei \"Gänse\" 🦢\nfliegen","start":6,"length":6}""", hit.GetProperty("snippet").GetRawText());
        Assert.False(hit.TryGetProperty("hidden", out _));
        Assert.Equal("""{"end":{"hits":1,"more":false}}""", lines[1]);
        Assert.Equal("", lines[2]);
    }

    [Fact]
    public async Task The_client_is_handed_what_it_asks_for_whatever_that_is()
    {
        await using var api = await ApiServer.StartAsync();
        var session = await api.NewSessionAsync();
        const string odd = "a&b=c?d#e+f%20 g/h\\i \"j\" ä日🦢\u00a0\n\tk";
        await SayAsync(api, session, odd);
        await api.TurnAsync(session, "Does the Goose fly?");
        var trashed = await api.NewSessionAsync();
        await SayAsync(api, trashed, "a goose in the trash");
        await api.Client.TrashAsync(trashed, Cancellation);

        async Task FindsAsync(SearchQuery query, int hits) => Assert.Equal(new SearchEnd(hits, false), (await SearchAsync(api, query))[^1].End);

        await FindsAsync(new SearchQuery(odd), 1);
        await FindsAsync(new SearchQuery("goose"), 2);
        await FindsAsync(new SearchQuery("goose", MatchCase: true), 0);
        await FindsAsync(new SearchQuery("^does.*goose", IsRegex: true), 1);
        await FindsAsync(new SearchQuery("goose", Role: Role.Assistant), 1);
        await FindsAsync(new SearchQuery("goose", Workspace: api.Workspace), 2);
        await FindsAsync(new SearchQuery("goose", Workspace: "/elsewhere"), 0);
        await FindsAsync(new SearchQuery("goose", Agent: "scripted"), 2);
        await FindsAsync(new SearchQuery("goose", Agent: "other"), 0);
        await FindsAsync(new SearchQuery("goose", Since: DateTimeOffset.UnixEpoch.AddTicks(1)), 2);
        await FindsAsync(new SearchQuery("goose", Since: TimeProvider.System.GetUtcNow().AddHours(1)), 0);
        await FindsAsync(new SearchQuery("goose", Trashed: true), 1);
    }

    [Fact]
    public async Task More_than_asked_for_is_said_to_be_there_and_a_long_answer_comes_whole()
    {
        await using var api = await ApiServer.StartAsync();
        var session = await api.NewSessionAsync();
        for (var i = 1; i <= 300; i++)
            await SayAsync(api, session, $"goose {i} {new string('.', 500)}");

        var some = await SearchAsync(api, new SearchQuery("goose", Limit: 299));
        var all = await SearchAsync(api, new SearchQuery("goose", Limit: 300));

        Assert.Equal((300, new SearchEnd(299, true)), (some.Count, some[^1].End));
        Assert.Equal((301, new SearchEnd(300, false)), (all.Count, all[^1].End));
        Assert.Equal(Enumerable.Range(1, 300).Reverse().Select(i => $"goose {i} ."), all.SkipLast(1).Select(l => l.Hit!.Snippet.Text.Split("..")[0] + "."));
    }

    [Theory]
    [InlineData("", 422, "invalid_request", "The text to search for has 0 characters: it must have 1 to 500.")]
    [InlineData("text=", 422, "invalid_request", "The text to search for has 0 characters")]
    [InlineData("text=%28&regex=true", 422, "invalid_request", "'(' is not a regular expression")]
    [InlineData("text=a&regex=maybe", 400, "invalid_query", "'regex' must be true or false, not 'maybe'.")]
    [InlineData("text=a&case=any", 400, "invalid_query", "'case' must be true or false, not 'any'.")]
    [InlineData("text=a&text=b", 400, "invalid_query", "'text' must be given once")]
    [InlineData("text=a&since=yesterday", 400, "invalid_query", "'since' must be a date or an instant in ISO 8601, 2026-11-21 or 2026-11-21T08:46:22Z, not 'yesterday'.")]
    [InlineData("text=a&since=2026-02-30", 400, "invalid_query", "'since' must be")]
    [InlineData("text=a&role=goose", 400, "invalid_query", "'role' must be one of user, assistant, system, tool, not 'goose'.")]
    [InlineData("text=a&limit=0", 400, "invalid_query", "'limit' must be a whole number from 1 to 1000, not '0'.")]
    public async Task What_cannot_be_searched_for_is_refused_with_the_rule(string query, int status, string code, string detail)
    {
        await using var api = await ApiServer.StartAsync();

        using var response = await api.Http.GetAsync("/v1/search?" + query, Cancellation);
        var problem = JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancellation));

        Assert.Equal((status, code), ((int)response.StatusCode, problem.GetProperty("code").GetString()));
        Assert.StartsWith(detail, problem.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-21")]
    [InlineData("2026-11-21T08:46:22Z")]
    [InlineData("2026-11-21T08:46:22.1234567%2B01:00")]
    public async Task A_date_or_an_instant_is_understood(string since)
    {
        await using var api = await ApiServer.StartAsync();

        using var response = await api.Http.GetAsync($"/v1/search?text=a&since={since}", Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_search_that_fails_after_its_first_hit_is_told_in_its_last_line_and_thrown()
    {
        // Looking around cannot be done without going back, which takes for ever on the older session's text.
        await using var api = await ApiServer.StartAsync();
        await SayAsync(api, await api.NewSessionAsync(), new string('x', 40) + "!");
        await SayAsync(api, await api.NewSessionAsync(), "xxy");
        var query = new SearchQuery("^(x+x+)+(?=y)", IsRegex: true);

        List<SearchLine> lines = [];
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(async () =>
        {
            await foreach (var line in api.Client.SearchAsync(query, Cancellation))
                lines.Add(line);
        });

        Assert.Equal("xxy", Assert.Single(lines).Hit!.Snippet.Text);
        Assert.Contains("took longer than 1 s", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"skipped\":{\"session\":\"ses_01kah3q6x9v3m8zr5t0w2y4b6c\",\"reason\":\"any\"}}\n")]
    [InlineData("{\"end\":{\"hits\":0,\"mo")]
    public async Task An_answer_that_breaks_off_is_not_taken_for_a_whole_one(string body)
    {
        using var folder = new TempFolder();
        await using var server = new OddServer(folder.Below("odd"), $"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n{body}", keepOpen: false);
        await using var client = SkeinClient.ForSocket(server.Path);

        var broken = await Assert.ThrowsAsync<ServerUnreachableException>(async () => await client.SearchAsync(new SearchQuery("a"), Cancellation).ToListAsync(Cancellation));

        Assert.Contains("The answer to the search broke off.", broken.Message, StringComparison.Ordinal);
    }
}
