using System.Threading.Channels;
using Skein.Agent;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>
/// Where the questions of an agent are answered: by the person at the terminal, one at a time; where nobody is there, with no. A question
/// may be answered elsewhere meanwhile.
/// </summary>
/// <param name="refuse">Answer no where nobody can be asked; else leave the question to others.</param>
/// <param name="consented">What is answered with yes without being asked; null: nothing.</param>
internal sealed class PermissionDesk(
    SkeinClient client, Session session, Surroundings surroundings, bool refuse, Func<PermissionAsked, bool>? consented = null) : IAsyncDisposable
{
    private const string Nobody = "Nobody could be asked: the run has no terminal.";

    // A turn that asks more questions at once waits until some are answered.
    private readonly Channel<PermissionAsked> _questions = Channel.CreateBounded<PermissionAsked>(256);
    private readonly Dictionary<PermissionId, TaskCompletionSource> _settled = [];
    private readonly HashSet<PermissionId> _answeredHere = [];
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _lock = new();
    private Task _work = Task.CompletedTask;
    private Task<string?>? _line;

    /// <summary>Looks at an event; questions in it are asked beside whatever else is shown.</summary>
    public async ValueTask SeeAsync(EventBody body, CancellationToken cancellationToken)
    {
        switch (body)
        {
            case PermissionAsked asked:
                await AskAsync(asked, cancellationToken);
                break;
            case PermissionAnswered answered:
                TellAnswer(answered);
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        try
        {
            await _work;
        }
        catch (OperationCanceledException)
        {
            // What was still open is no longer this program's to ask.
        }

        _over.Dispose();
    }

    /// <summary>Asks, once, however often it is told to.</summary>
    private async ValueTask AskAsync(PermissionAsked asked, CancellationToken cancellationToken)
    {
        if ((!surroundings.CanAsk && !refuse) || !TryBegin(asked.Permission))
            return;
        if (_work.IsCompletedSuccessfully)
            _work = WorkAsync();
        await _questions.Writer.WriteAsync(asked, cancellationToken);
    }

    // Told where somebody else answered, or nobody did: who answered here knows.
    private void TellAnswer(PermissionAnswered answered)
    {
        bool here;
        lock (_lock)
        {
            SettledOf_Locked(answered.Permission).TrySetResult();
            here = _answeredHere.Contains(answered.Permission);
        }

        if (!here && Notices.Of(answered) is { } notice)
        {
            surroundings.Activity.EndLine();
            surroundings.Activity.WriteLine(notice.Text, notice.Style);
        }
    }

    private async Task WorkAsync()
    {
        await foreach (var asked in _questions.Reader.ReadAllAsync(_over.Token))
        {
            if (IsSettled(asked))
                continue;

            var reply = consented?.Invoke(asked) == true ? new PermissionReply(PermissionAnswer.Once)
                : surroundings.CanAsk ? await AskPersonAsync(asked)
                : Refuse(asked);
            if (reply is not null)
                await AnswerAsync(asked, reply);
        }
    }

    private async Task<PermissionReply?> AskPersonAsync(PermissionAsked asked)
    {
        var always = asked.Pattern is { } pattern ? $", [a]lways ({pattern})" : "";
        while (!IsSettled(asked))
        {
            ForgetWhatWasTyped();
            surroundings.Out.Write($"  [y]es{always}, [n]o and why: ", Style.Warning);
            if (await TryReadLineAsync(asked) is not { } line)
                break;
            if (PermissionWords.Parse(line.Text, asked.Pattern is not null) is { } reply)
                return reply;
            surroundings.Out.WriteLine($"  '{line.Text}' is no answer.", Style.Dim);
        }

        return null;
    }

    // Whatever was typed before the question was seen is no answer to it.
    private void ForgetWhatWasTyped()
    {
        TypeAhead.Discard();
        if (_line is { IsCompleted: true })
            _line = null;
    }

    /// <returns>Null: somebody else answered first.</returns>
    private async Task<Line?> TryReadLineAsync(PermissionAsked asked)
    {
        // A read cannot be cancelled: one that an earlier question left behind waits for this one's answer.
        _line ??= Task.Factory.StartNew(surroundings.Input.ReadLine, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task settled;
        lock (_lock)
            settled = SettledOf_Locked(asked.Permission).Task;
        await Task.WhenAny(_line, settled).WaitAsync(_over.Token);
        if (settled.IsCompleted)
            return null;

        var text = await _line;
        _line = null;
        surroundings.Out.LineWasEnded();
        return new Line(text);
    }

    private PermissionReply Refuse(PermissionAsked asked)
    {
        surroundings.Error.WriteLine(
            $"skein: not allowed, since there is no terminal to ask on: {ToolCalls.Title(asked.Tool, asked.Title)} "
            + $"({Advice(asked)}run it on a terminal)", Style.Warning);
        return new PermissionReply(PermissionAnswer.No, Nobody);
    }

    /// <summary>What would answer it without anybody there.</summary>
    private string Advice(PermissionAsked asked) => (asked.Tool, session.Mode) switch
    {
        // What no answer is remembered for is asked about whatever modes and rules say.
        _ when asked.Pattern is null && session.Agent == SkeinAgent.Name => "",
        ("fetch", _) or (_, PermissionMode.Auto) => "allow it by a rule in your settings, or ",
        ("write" or "edit", PermissionMode.Ask) => "use --mode edits or auto, or ",
        _ => "use --mode auto, or ",
    };

    private async Task AnswerAsync(PermissionAsked asked, PermissionReply reply)
    {
        lock (_lock)
            _answeredHere.Add(asked.Permission);
        try
        {
            await client.AnswerAsync(session.Id, asked.Permission, reply, _over.Token);
        }
        catch (SkeinException e) when (IsSettled(asked) || e.Code is "not_in_session" or "conflict")
        {
            surroundings.Error.WriteLine("  it was answered elsewhere", Style.Dim);
        }
    }

    private bool TryBegin(PermissionId permission)
    {
        lock (_lock)
        {
            var known = _settled.ContainsKey(permission);
            SettledOf_Locked(permission);
            return !known;
        }
    }

    private bool IsSettled(PermissionAsked asked)
    {
        lock (_lock)
            return SettledOf_Locked(asked.Permission).Task.IsCompleted;
    }

    private TaskCompletionSource SettledOf_Locked(PermissionId permission)
    {
        if (!_settled.TryGetValue(permission, out var settled))
            _settled[permission] = settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return settled;
    }

    /// <param name="Text">Null: the input has ended.</param>
    private sealed record Line(string? Text);
}

/// <summary>What a person types for yes and no.</summary>
internal static class PermissionWords
{
    /// <param name="line">Null: there is nobody left who could answer, which is no.</param>
    /// <returns>Null: it is no answer.</returns>
    public static PermissionReply? Parse(string? line, bool canRemember)
    {
        if (line is null)
            return new PermissionReply(PermissionAnswer.No);

        var said = line.Trim();
        var space = said.IndexOf(' ');
        var word = (space < 0 ? said : said[..space]).TrimEnd(',', ':', ';', '.').ToLowerInvariant();
        var rest = space < 0 ? null : said[(space + 1)..].Trim();
        return word switch
        {
            "y" or "yes" when rest is null => new PermissionReply(PermissionAnswer.Once),
            "a" or "always" when rest is null && canRemember => new PermissionReply(PermissionAnswer.Always),
            "n" or "no" => new PermissionReply(PermissionAnswer.No, rest),
            _ => null,
        };
    }
}
