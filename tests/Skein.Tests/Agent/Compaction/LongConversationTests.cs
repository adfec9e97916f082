using System.Text.RegularExpressions;
using Skein.Agent;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Search;
using Skein.Testing;
using Skein.Tests.Running;

namespace Skein.Tests.Agent.Compaction;

/// <summary>Weeks of conversation in seconds: the kernel, its store, the agent, and a model that knows only what it is sent and takes only so much.</summary>
public sealed partial class LongConversationTests : IAsyncLifetime
{
    private const int Turns = 500;
    private const int Context = 32_000;
    private const int BytesPerToken = 4;

    private readonly List<string> _mistakes = [];
    private ModelServer _server = null!;
    private ModelCatalog _models = null!;
    private Kernel _kernel = null!;
    private int _summaries;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ModelServer.StartAsync(Cancellation);
        _server.Otherwise = Answer;
        var provider = new ProviderConfiguration("local", ProviderKind.OpenAi, _server.OpenAiAddress, DefaultModel: "any")
        {
            Models = new Dictionary<string, ModelFacts> { ["any"] = new(Context, Context) },
        };
        _models = new ModelCatalog([provider], _ => null, new Dictionary<string, Script>(), TimeProvider.System);
        _kernel = await Kernel.StartAsync(SkeinAgent.Kind(_models, new Toolbox([], Sample.Open), TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        await _kernel.DisposeAsync();
        _models.Dispose();
        await _server.DisposeAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task After_five_hundred_turns_and_five_summaries_every_fact_is_still_known()
    {
        var session = (await _kernel.Sessions.CreateAsync(new NewSession(_kernel.Workspace, Model: "local/any"), Kernel.User, Cancellation)).Session.Id;
        for (var turn = 1; turn <= Turns; turn++)
        {
            await _kernel.TurnAsync(session, $"FACT-{turn}={Value(turn)}. {Chatter(turn)}");
            if (turn % 50 == 0)
                await AskAsync(session, turn);
            if (turn == Turns / 2)
                await _kernel.RestartAsync();
        }

        Assert.Empty(_mistakes);
        Assert.InRange(_summaries, 5, 12);
        await AskAsync(session, Turns);

        // All of it is still there, is found, and is sent again when the summaries are rewound.
        var messages = await AllAsync(session);
        Assert.Equal(_summaries, messages.Count(m => m.Summary is not null));
        Assert.Equal(2 * (Turns + (11 * 4)) + _summaries, messages.Count);
        var found = await _kernel.Sessions.SearchAsync(new SearchQuery($"FACT-7={Value(7)}", Role: Role.User), Cancellation).Where(l => l.Hit is not null).ToListAsync(Cancellation);
        Assert.Single(found);
        await RewoundAsync(session, messages);
    }

    private async Task AskAsync(SessionId session, int known)
    {
        foreach (var turn in new[] { 1, known / 3, known / 2, known })
        {
            await _kernel.TurnAsync(session, $"ASK-{turn}");
            Assert.Equal($"It is {Value(turn)}.", (await _kernel.MessagesAsync(session))[^1].Text);
        }
    }

    private async Task RewoundAsync(SessionId session, List<Message> messages)
    {
        var first = messages.FindIndex(m => m.Summary is not null);
        await _kernel.Sessions.RewindAsync(session, new RewindRequest(messages[first - 2].Id), Kernel.User, Cancellation);
        var before = _server.Requests.Count;
        await _kernel.TurnAsync(session, "ASK-1");
        Assert.Equal($"It is {Value(1)}.", (await _kernel.MessagesAsync(session))[^1].Text);
        Assert.DoesNotContain("<summary>", _server.Requests[before].Body.GetRawText(), StringComparison.Ordinal);
    }

    private async Task<List<Message>> AllAsync(SessionId session)
    {
        var all = new List<Message>();
        for (long? before = long.MaxValue; before is not null;)
        {
            var page = await _kernel.Sessions.ListMessagesAsync(session, before == long.MaxValue ? null : before, 1000, Cancellation);
            all.InsertRange(0, page.Items);
            before = page.Before;
        }

        return all;
    }

    // It takes as much as it says, counts what it is sent, and remembers nothing.
    private ModelAnswer Answer(ModelRequest request)
    {
        var texts = request.Body.GetProperty("messages").EnumerateArray()
            .Select(m => m.GetProperty("content").ValueKind == System.Text.Json.JsonValueKind.String ? m.GetProperty("content").GetString()! : m.GetProperty("content").GetRawText()).ToList();
        var tokens = texts.Sum(t => t.Length) / BytesPerToken;
        if (tokens > Context)
        {
            _mistakes.Add($"It was sent {tokens} tokens.");
            return RefusedAnswer.OpenAi(400, "context_length_exceeded", "too long");
        }

        var said = "Noted.";
        if (texts[^1].Contains("<conversation>", StringComparison.Ordinal))
        {
            _summaries++;
            var conversation = texts[^1][texts[^1].IndexOf("<conversation>", StringComparison.Ordinal)..];
            if (conversation.Contains("Known: ", StringComparison.Ordinal))
                _mistakes.Add("It was to summarise a summary.");
            said = "Known: " + string.Join(' ', Facts().Matches(conversation).Select(m => m.Value).Distinct());
        }
        else if (Question().Match(texts[^1]) is { Success: true } asked)
        {
            var fact = Facts().Matches(string.Join('\n', texts)).LastOrDefault(m => m.Groups[1].Value == asked.Groups[1].Value);
            said = fact is null ? "I do not know." : $"It is {fact.Groups[2].Value}.";
        }

        return new StreamedAnswer(new Said(said)) { Tokens = new(tokens, said.Length / BytesPerToken) };
    }

    private static string Value(int turn) => $"v{(turn * 7919) % 100_003:x5}";

    // What nobody need remember.
    private static string Chatter(int turn) => string.Concat(Enumerable.Range(0, 80).Select(i => $"word{(turn * 31) + i} "));

    [GeneratedRegex(@"FACT-(\d+)=(v[0-9a-f]{5})")]
    private static partial Regex Facts();

    [GeneratedRegex(@"ASK-(\d+)\s*$")]
    private static partial Regex Question();
}
