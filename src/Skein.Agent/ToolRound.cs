using System.Runtime.CompilerServices;
using System.Text.Json;
using Skein.Agent.Providers.TextCalls;
using Skein.Agent.Tools;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Redaction;

namespace Skein.Agent;

/// <summary>
/// Carries out the calls of one message, in their order; reading calls that stand together run side by side. Whatever goes wrong becomes
/// a result that the model reads.
/// </summary>
internal sealed class ToolRound(MessageId message, IReadOnlyDictionary<string, ITool> tools, ToolGate gate, ToolContext context, RepeatGuard repeats, TimeProvider time)
{
    private const int LongestTitle = 200;

    private readonly List<Part> _answers = [];
    private ToolCallPart? _cut;

    /// <summary>The results so far, in the order of the calls, each with the picture that goes with it.</summary>
    public IReadOnlyList<Part> Answers => _answers;

    public IReadOnlyList<ToolResultPart> Results => [.. _answers.OfType<ToolResultPart>()];

    private ITurn Turn => context.Turn;

    /// <summary>No call was one that could have been carried out.</summary>
    public bool IsAllMalformed { get; private set; } = true;

    /// <param name="stop">Why the model stopped after the calls: the last of an answer that was cut off is not what it meant.</param>
    public async IAsyncEnumerable<AgentOutput> RunAsync(
        IReadOnlyList<ToolCallPart> calls, StopReason? stop, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _cut = stop == StopReason.Length ? calls[^1] : null;
        var together = new List<Prepared>();
        foreach (var call in calls)
        {
            var prepared = await PrepareAsync(call, cancellationToken);
            if (prepared.MayRunBeside)
            {
                together.Add(prepared);
                continue;
            }

            await foreach (var output in RunTogetherAsync(together, cancellationToken))
                yield return output;
            together = [await PermitAsync(prepared, cancellationToken)];
            await foreach (var output in RunTogetherAsync(together, cancellationToken))
                yield return output;
            together = [];
        }

        await foreach (var output in RunTogetherAsync(together, cancellationToken))
            yield return output;
    }

    private async Task<Prepared> PrepareAsync(ToolCallPart call, CancellationToken cancellationToken)
    {
        if (call == _cut)
            return Prepared.Refuse(call, "The answer was cut off at its limit of length in this call, or right after it, so it was not carried out. Make it again, in smaller pieces.");

        if (call.Tool == TextCall.Nameless)
            return Prepared.Refuse(call, $"What you wrote is no call that can be read: {WhyNoObject(call.Arguments)}. Tools: {string.Join(", ", tools.Keys)}.");

        if (!tools.TryGetValue(call.Tool, out var tool))
            return Prepared.Refuse(call, $"There is no tool '{call.Tool}'. Tools: {string.Join(", ", tools.Keys)}.");

        if (call.Redacted is not null)
            return Prepared.Refuse(call, "The arguments of this call held a secret that was not kept, so it was not carried out. Make it again if it is still needed.");

        if (call.Arguments.ValueKind != JsonValueKind.Object)
            return Prepared.Refuse(call, $"The arguments of {call.Tool} are not a JSON object: {WhyNoObject(call.Arguments)}. Call it again with one that fits its schema.");

        IsAllMalformed = false;
        try
        {
            var intent = await tool.DescribeAsync(call.Arguments, context, cancellationToken);
            var verdict = await gate.Decide(Turn.Session, tool.Name, intent, cancellationToken);
            if (verdict is ToolVerdict.Deny deny)
                return Prepared.Refuse(call, deny.Message);

            // An answer is for this once: that it was allowed is no reason to make it for ever.
            return repeats.IsRepeated(call)
                ? new Prepared(call, tool, Shown(intent with { Title = $"Again, after the same result {RepeatGuard.Times} times: {intent.Title}" }), new ToolVerdict.Ask(null))
                : new Prepared(call, tool, Shown(intent), verdict);
        }
        catch (ToolInputException e)
        {
            return Prepared.Refuse(call, e.Message);
        }
        // A tool, or a guard, that cannot say what would be done does nothing.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return Prepared.Refuse(call, $"The call of {call.Tool} could not be checked: {e.Message}");
        }
    }

    private static string WhyNoObject(JsonElement arguments)
    {
        if (arguments.ValueKind != JsonValueKind.String)
            return $"they are of the kind {arguments.ValueKind}";
        try
        {
            using var document = JsonDocument.Parse(arguments.GetString()!);
            return $"they are of the kind {document.RootElement.ValueKind}";
        }
        catch (JsonException e)
        {
            return e.Message.TrimEnd('.');
        }
    }

    // Cut after it was redacted: half a secret would not be known for one.
    private ToolIntent Shown(ToolIntent intent) => intent with
    {
        Title = ToolTexts.OneLine(Turn.Redactor.Redact(intent.Title), LongestTitle),
        Detail = intent.Detail is null ? null : Turn.Redactor.Redact(intent.Detail),
    };

    private async Task<Prepared> PermitAsync(Prepared prepared, CancellationToken cancellationToken)
    {
        if (prepared is not { Verdict: ToolVerdict.Ask ask, Intent: { } intent, Call: var call })
            return prepared;

        // A rule that holds a secret would keep it: such a call cannot be allowed for ever.
        var pattern = ask.Pattern is { } given && Turn.Redactor.Redact(given) == given ? given : null;
        var answer = await Turn.AskAsync(
            new PermissionAsked(Turn.Ids.Next<PermissionId>(), Turn.Id, call.CallId, call.Tool, intent.Title, intent.Detail, pattern), cancellationToken);
        if (answer.Answer == PermissionAnswer.No)
        {
            var why = answer.Expired ? "Nobody answered whether this may be done; it was not." : "The user refused this call; it was not carried out.";
            return Prepared.Refuse(call, answer.Message is { Length: > 0 } said ? $"{why} They said: {said}" : why);
        }

        if (answer.Answer == PermissionAnswer.Always && pattern is not null)
        {
            try
            {
                await gate.Remember(Turn.Session, call.Tool, pattern, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                return Prepared.Refuse(call, $"The user allowed this always, but that could not be remembered, so it was not carried out: {e.Message}");
            }
        }

        return prepared;
    }

    private async IAsyncEnumerable<AgentOutput> RunTogetherAsync(List<Prepared> calls, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (calls.Count == 0)
            yield break;

        EventBody[] started = [.. calls.Where(c => c.Refusal is null).Select(c => new ToolStarted(message, c.Call.CallId, c.Call.Tool, c.Intent!.Title, c.Intent.Reads))];
        if (started.Length > 0)
            yield return new AgentEvents(started);

        // A tool may do its work before its first await: each gets a thread of its own.
        List<Task<AgentEvents>> running =
            [.. calls.Select(c => calls.Count == 1 ? CarryOutAsync(c, cancellationToken) : Task.Run(() => CarryOutAsync(c, cancellationToken), CancellationToken.None))];
        try
        {
            foreach (var task in running)
            {
                var events = await task;
                _answers.AddRange(events.Bodies.OfType<PartAdded>().Select(static p => p.Content));
                yield return events;
            }
        }
        finally
        {
            // Also when interrupted: the turn has ended only when all of them have.
            Task all = Task.WhenAll(running);
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<AgentEvents> CarryOutAsync(Prepared prepared, CancellationToken cancellationToken)
    {
        var call = prepared.Call;
        if (prepared.Refusal is { } refusal)
            return new AgentEvents([Added(new ToolResultPart(call.CallId, refusal, IsError: true))]);

        var begun = time.GetTimestamp();
        var metadata = default(JsonElement?);
        ToolResultPart result;
        FilePart? image = null;
        try
        {
            var output = await prepared.Tool!.RunAsync(call.Arguments, context with { Call = SubAgentRequest.KeyOf(message, call.CallId), Judged = prepared.Intent?.Subject }, cancellationToken);
            metadata = output.Metadata is { } given ? Turn.Redactor.Redact(given, new RedactionCounts()) : null;
            result = await ToolOutputText.BoundAsync(call.CallId, output, Turn, cancellationToken);
            image = output.Image is { } shown ? await KeepAsync(shown, cancellationToken) : null;
        }
        catch (ToolInputException e)
        {
            result = new ToolResultPart(call.CallId, e.Message, IsError: true);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            result = new ToolResultPart(call.CallId, $"The tool {call.Tool} failed: {e.Message}", IsError: true);
        }

        var took = (long)time.GetElapsedTime(begun).TotalMilliseconds;
        return new AgentEvents([new ToolFinished(message, call.CallId, result.IsError, took, metadata), Added(result), .. image is null ? [] : new[] { Added(image) }]);
    }

    private async Task<FilePart> KeepAsync(OutputImage image, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(image.Content.ToArray(), writable: false);
        return new FilePart(image.MediaType, image.Name, await Turn.PutBlobAsync(content, image.MediaType, cancellationToken));
    }

    // Errors may repeat the arguments.
    private PartAdded Added(Part part) => new(message, Turn.Ids.Next<PartId>(), Turn.Redactor.Redact(part));

    /// <param name="Refusal">Why it will not be carried out; null: it will, once it is permitted.</param>
    private sealed record Prepared(ToolCallPart Call, ITool? Tool, ToolIntent? Intent, ToolVerdict? Verdict, string? Refusal = null)
    {
        public bool MayRunBeside => Refusal is not null || (Intent!.Effect is ToolEffect.Read or ToolEffect.Fetch && Verdict is ToolVerdict.Allow);

        public static Prepared Refuse(ToolCallPart call, string why) => new(call, null, null, null, why);
    }
}
