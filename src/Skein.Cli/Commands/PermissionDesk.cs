using System.Threading.Channels;
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
internal sealed class PermissionDesk(SkeinClient client, SessionId session, Surroundings surroundings, bool refuse) : IAsyncDisposable
{
    private const string Nobody = "Nobody could be asked: the run has no terminal.";

    // A turn that asks more questions at once waits until some are answered.
    private readonly Channel<PermissionAsked> _questions = Channel.CreateBounded<PermissionAsked>(256);
    private readonly HashSet<PermissionId> _settled = [];
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _lock = new();
    private Task _work = Task.CompletedTask;
    private Task<string?>? _line;
    private bool _lineIsStale;

    /// <summary>Looks at an event; questions in it are asked beside whatever else is shown.</summary>
    public async ValueTask SeeAsync(EventBody body, CancellationToken cancellationToken)
    {
        switch (body)
        {
            case PermissionAsked asked:
                await AskAsync(asked, cancellationToken);
                break;
            case PermissionAnswered answered:
                lock (_lock)
                    _settled.Add(answered.Permission);
                break;
        }
    }

    public async ValueTask AskAsync(PermissionAsked asked, CancellationToken cancellationToken)
    {
        if (!surroundings.CanAsk && !refuse)
            return;
        if (_work.IsCompletedSuccessfully)
            _work = WorkAsync();
        await _questions.Writer.WriteAsync(asked, cancellationToken);
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

    private async Task WorkAsync()
    {
        await foreach (var asked in _questions.Reader.ReadAllAsync(_over.Token))
        {
            if (IsSettled(asked))
                continue;

            var reply = surroundings.CanAsk ? await AskPersonAsync(asked) : Refuse(asked);
            if (reply is not null)
                await AnswerAsync(asked, reply);
        }
    }

    private async Task<PermissionReply?> AskPersonAsync(PermissionAsked asked)
    {
        var always = asked.Pattern is { } pattern ? $", [a]lways ({pattern})" : "";
        while (!IsSettled(asked))
        {
            surroundings.Out.Write($"  [y]es{always}, [n]o and why: ", Style.Warning);
            var line = await ReadLineAsync(asked);
            if (line.Dropped)
                continue;
            if (PermissionWords.Parse(line.Text, asked.Pattern is not null) is { } reply)
                return reply;
            surroundings.Out.WriteLine($"  '{line.Text}' is no answer.", Style.Dim);
        }

        return null;
    }

    // A line that was asked for by a question that somebody else answered must not answer the next one.
    private async Task<(string? Text, bool Dropped)> ReadLineAsync(PermissionAsked asked)
    {
        _line ??= Task.Factory.StartNew(surroundings.Input.ReadLine, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var text = await _line.WaitAsync(_over.Token);
        _line = null;
        var dropped = _lineIsStale;
        _lineIsStale = IsSettled(asked);
        return (text, dropped && text is not null);
    }

    private PermissionReply Refuse(PermissionAsked asked)
    {
        surroundings.Error.WriteLine(
            $"skein: not allowed, since there is no terminal to ask on: {ToolCalls.Title(asked.Tool, asked.Title)} "
            + "(use --mode edits or auto, or run it on a terminal)", Style.Warning);
        return new PermissionReply(PermissionAnswer.No, Nobody);
    }

    private async Task AnswerAsync(PermissionAsked asked, PermissionReply reply)
    {
        try
        {
            await client.AnswerAsync(session, asked.Permission, reply, _over.Token);
        }
        catch (SkeinException e) when (IsSettled(asked) || e.Code is "not_in_session" or "conflict")
        {
            surroundings.Error.WriteLine("  it was answered elsewhere", Style.Dim);
        }
    }

    private bool IsSettled(PermissionAsked asked)
    {
        lock (_lock)
            return _settled.Contains(asked.Permission);
    }
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
