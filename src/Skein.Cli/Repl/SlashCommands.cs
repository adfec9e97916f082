using System.Globalization;
using System.Text;
using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Exports;
using Skein.Cli.Screen;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Repl;

/// <summary>Lines that are no prompts: /commands, !commands of the shell, and # notes. For the pump's thread.</summary>
internal sealed class SlashCommands(ReplLoop loop, Surroundings surroundings, Talk talk, TurnView view, Terminal terminal, Completer completer)
{
    private const int SessionsShown = 20;
    private const int LongestClip = 100_000;

    private readonly UndoCommands _undo = new(loop, talk, view, terminal);

    /// <returns>False: it is a prompt.</returns>
    /// <exception cref="UsageException">It breaks a rule that the message names.</exception>
    public async Task<bool> TryRunAsync(string line, CancellationToken cancellationToken)
    {
        if (SlashCommand.IsOne(line))
            return await TryRunNamedAsync(line.Trim(), cancellationToken);

        if (line is ['!', not ' ', ..])
        {
            await new ShellLine(loop, surroundings, view, terminal).RunAsync(line[1..], cancellationToken);
            return true;
        }

        if (line is ['#', not '#', ..] && !line.Contains('\n', StringComparison.Ordinal))
        {
            await NoteAsync(line[1..].Trim(), cancellationToken);
            return true;
        }

        return false;
    }

    public async Task SetModeAsync(PermissionMode mode, CancellationToken cancellationToken)
    {
        await talk.ChangeAsync(new SessionChange(Mode: mode), cancellationToken);
        if (mode != PermissionMode.Auto)
            return;

        var home = SkeinHome.Of(surroundings);
        using var settings = new HomeSettings(home, surroundings);
        view.Note($"mode auto: {await new Sandboxes(home, settings, surroundings).DescribeAsync(surroundings.Folder, cancellationToken)}", Style.Warning);
    }

    public async Task ListAsync(CancellationToken cancellationToken)
    {
        var sessions = await FindSessionsAsync(cancellationToken);
        if (sessions.Count == 0)
        {
            view.Note($"no sessions in {surroundings.Folder} yet");
            return;
        }

        view.Part();
        var table = new Table(["#", "id", "title", "status", "messages", "updated"], elastic: 2);
        foreach (var (i, session) in sessions.Index())
        {
            var (status, style) = Words.Of(session);
            table.Add(
                ($"{i + 1}", Style.Dim), (completer.Sessions[i].Name, Style.Accent), (session.Title, session.Id == talk.Session?.Id ? Style.Bold : Style.Plain), (status, style),
                ($"{session.Messages}", Style.Plain), (Spans.Ago(session.UpdatedAt, surroundings.Time.GetUtcNow()), Style.Dim));
        }

        table.WriteTo(terminal);
    }

    /// <summary>Looks what can be called here beside the REPL's own commands.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var folder = talk.Session?.Workspace ?? surroundings.Folder;
        completer.Named = await NamedPrompts.FindAsync(surroundings, folder, cancellationToken);
        completer.Agents = await NamedPrompts.FindAgentsAsync(surroundings, folder, cancellationToken);
        await FindSessionsAsync(cancellationToken);
    }

    // Offered by their ids: numbers mean others as soon as one of them goes on.
    private async Task<IReadOnlyList<Session>> FindSessionsAsync(CancellationToken cancellationToken)
    {
        var page = await talk.Client.ListAsync(new SessionQuery(surroundings.Folder, Follow: true, Limit: SessionsShown), cancellationToken);
        var ids = SessionName.Shorten([.. page.Items.Select(s => s.Id.Value)]);
        completer.Sessions = [.. page.Items.Select((s, i) => (ids[i], TerminalText.CleanLine(s.Title)))];
        return page.Items;
    }

    private async Task<bool> TryRunNamedAsync(string line, CancellationToken cancellationToken)
    {
        var (command, argument) = SlashCommand.Parse(line);
        if (command is not null)
        {
            await RunAsync(command, argument, cancellationToken);
            return true;
        }

        await LookAsync(cancellationToken);
        return completer.Named.Any(n => n.Name == line.Split(' ')[0]) ? false : throw new UsageException(SlashCommand.Unknown(line, completer.Named));
    }

    private async Task RunAsync(SlashCommand command, string argument, CancellationToken cancellationToken)
    {
        if (argument.Length > 0 && command.Arguments.Length == 0)
            throw new UsageException($"{command.Name} has no use for '{argument}'.");

        switch (command.Name)
        {
            case "/help":
                await LookAsync(cancellationToken);
                Help();
                break;
            case "/model":
                await SetAsync(argument, "model", talk.Session?.Model ?? talk.Wanted.Model, new SessionChange(Model: argument), cancellationToken);
                break;
            case "/agent":
                await SetAsync(argument, "agent", talk.Session?.Agent ?? talk.Wanted.Agent, new SessionChange(Agent: argument), cancellationToken);
                break;
            case "/mode":
                if (argument.Length == 0)
                    view.Note($"mode {talk.Mode.ToString().ToLowerInvariant()}");
                else
                    await SetModeAsync(ModeOf(argument), cancellationToken);
                break;
            case "/sessions":
                await ListAsync(cancellationToken);
                break;
            case "/resume" when argument.Length == 0:
                await ListAsync(cancellationToken);
                loop.Editor.Set("/resume ");
                break;
            case "/resume":
                await ResumeAsync(argument, cancellationToken);
                break;
            case "/new":
                Begin();
                break;
            case "/rename":
                if (argument.Length == 0)
                    throw new UsageException("/rename needs a title.");
                await talk.ChangeAsync(new SessionChange(Title: argument), cancellationToken);
                view.Note($"this session is called '{argument}' now");
                break;
            case "/fork":
                var fork = await talk.Client.ForkAsync(Needed().Id, new ForkRequest(), cancellationToken);
                await talk.AttachAsync(fork.Session.Id, cancellationToken);
                break;
            case "/diff":
                await _undo.DiffAsync(Needed(), argument, cancellationToken);
                break;
            case "/rewind":
                await _undo.RewindAsync(Needed(), argument, cancellationToken);
                break;
            case "/undo":
                await _undo.UndoAsync(Needed(), argument, cancellationToken);
                break;
            case "/redo":
                await _undo.RedoAsync(Needed(), argument, cancellationToken);
                break;
            case "/compact":
                Needed();
                await talk.CompactAsync(argument, cancellationToken);
                break;
            case "/queue":
                await QueueAsync(argument, cancellationToken);
                break;
            case "/now":
                if (argument.Length == 0)
                    throw new UsageException("/now needs a prompt.");
                await talk.PromptAsync(argument, WhenBusy.Interrupt, cancellationToken);
                break;
            case "/cost":
                Cost(Needed());
                break;
            case "/permissions":
                await PermissionsAsync(cancellationToken);
                break;
            case "/export":
                await ExportAsync(argument, cancellationToken);
                break;
            case "/copy":
                await CopyAsync(cancellationToken);
                break;
            case "/editor":
                await new ShellLine(loop, surroundings, view, terminal).EditAsync(cancellationToken);
                break;
            case "/exit":
                loop.Leave();
                break;
        }
    }

    private async Task ResumeAsync(string name, CancellationToken cancellationToken)
    {
        var id = await SessionName.ResolveAsync(talk.Client, name, surroundings.Folder, cancellationToken);
        var session = (await talk.Client.GetAsync(id, cancellationToken)).Session;
        await MovedSession.SettleAsync(talk.Client, session, surroundings.Folder, told => view.Note(TerminalText.CleanLine(told), Style.Warning), cancellationToken);
        await talk.AttachAsync(id, cancellationToken);
    }

    private void Help()
    {
        view.Part();
        foreach (var command in SlashCommand.All.Concat(completer.Named))
            terminal.WriteLine(($"  {$"{command.Name} {command.Arguments}",-25}", Style.Accent), ($" {command.Description}", Style.Plain));
        terminal.WriteLine();
        (string Key, string What)[] keys =
        [
            ("Enter", "sends; in a turn: waits for it, again: tells it"), ("Alt+Enter, Ctrl+J, \\", "a new line"), ("Esc, Ctrl+C", "interrupts the turn"),
            ("Ctrl+C twice", "leaves"), ("Ctrl+D", "detaches: what runs goes on"), ("Up, Down, Ctrl+R", "what was sent before; Up takes a waiting prompt back"),
            ("Shift+Tab", "the next mode"), ("@file !command #note", "a file's name; the shell; a line for AGENTS.md"),
        ];
        foreach (var (key, what) in keys)
            terminal.WriteLine(($"  {key,-25}", Style.Accent), ($" {what}", Style.Plain));
    }

    private async Task SetAsync(string given, string what, string? now, SessionChange change, CancellationToken cancellationToken)
    {
        if (given.Length > 0)
            await talk.ChangeAsync(change, cancellationToken);
        view.Note($"{what} {(given.Length > 0 ? given : now ?? "of the settings")}");
    }

    private static PermissionMode ModeOf(string word) => word switch
    {
        "ask" => PermissionMode.Ask,
        "edits" => PermissionMode.Edits,
        "auto" => PermissionMode.Auto,
        "plan" => PermissionMode.Plan,
        _ => throw new UsageException($"There is no mode '{word}': it must be one of ask, edits, auto, plan."),
    };

    private void Begin()
    {
        if (talk.Session is { } session)
        {
            // The next one is to be as this one was.
            talk.Wanted = talk.Wanted with { Agent = session.Agent, Model = session.Model, Mode = session.Mode, Title = null };
            view.Note($"left {SessionName.Shorten(session.Id)}; the next prompt begins a new session");
        }

        talk.Leave();
    }

    private async Task QueueAsync(string argument, CancellationToken cancellationToken)
    {
        var session = Needed();
        if (argument.Length == 0)
        {
            if (session.Queue.Count == 0)
                view.Note("no prompt waits");
            foreach (var (i, prompt) in session.Queue.Index())
                view.Note($"{i + 1}  {TerminalText.CleanLine(Talk.TextOf(prompt))}");
            return;
        }

        var words = argument.Split(' ', 2, StringSplitOptions.TrimEntries);
        if (!int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new UsageException($"/queue takes the number of a prompt that waits, not '{words[0]}'.");

        var waiting = QueueCommand.At(session, number);
        if (words.Length > 1)
        {
            await talk.Client.EditQueuedAsync(session.Id, waiting.Turn, new PromptChange(words[1]), cancellationToken);
            return;
        }

        await talk.Client.WithdrawAsync(session.Id, waiting.Turn, cancellationToken);
        if (loop.Editor.Buffer.IsEmpty)
            loop.Editor.Set(Talk.TextOf(waiting));
    }

    private void Cost(Session session)
    {
        var usage = session.Usage;
        view.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"tokens: {usage.Input} in, {usage.CacheRead} from the cache, {usage.CacheWrite} into it, {usage.Output} out, {usage.Reasoning} thought"));
        view.Note(session.Cost > 0 ? string.Create(CultureInfo.InvariantCulture, $"cost: ${session.Cost:0.####}") : "cost: not known");
    }

    private async Task PermissionsAsync(CancellationToken cancellationToken)
    {
        using var rules = new FolderRules(surroundings);
        var found = await rules.InAsync(talk.Session?.Workspace ?? surroundings.Folder, cancellationToken);
        if (found.Count == 0)
        {
            view.Note(RuleTable.None);
            return;
        }

        view.Part();
        RuleTable.Show(found, terminal);
        view.Note("skein permissions remove N: ask again about what was answered with always");
    }

    private async Task ExportAsync(string file, CancellationToken cancellationToken)
    {
        if (file.Length == 0)
            throw new UsageException("/export needs a file.");
        var path = Path.GetFullPath(file, surroundings.Folder);
        if (Path.Exists(path))
            throw new UsageException($"'{file}' exists already: give another name.");
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw new UsageException($"'{file}' cannot be written: its folder does not exist.");

        var session = Needed();
        var all = await Pages.AllAsync(talk.Client, session.Id, cancellationToken);
        await File.WriteAllTextAsync(path, MarkdownExport.Of(session, all.Items), new UTF8Encoding(false), cancellationToken);
        view.Note($"written to {path}: {Spans.Plural(all.Items.Count, "message")}");
    }

    private async Task CopyAsync(CancellationToken cancellationToken)
    {
        var page = await talk.Client.ListMessagesAsync(Needed().Id, null, SessionsShown, cancellationToken);
        var text = page.Items.LastOrDefault(m => m.Role == Role.Assistant && m.Text.Length > 0)?.Text
            ?? throw new UsageException("There is no answer yet that could be copied.");
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > LongestClip)
            throw new UsageException($"The last answer has {bytes.Length} bytes, and terminals take at most {LongestClip}: use /export.");
        loop.Send($"\e]52;c;{Convert.ToBase64String(bytes)}\a");
        view.Note($"copied {Spans.Plural(text.Length, "character")}, if the terminal allows it");
    }

    private async Task NoteAsync(string note, CancellationToken cancellationToken)
    {
        if (note.Length == 0)
            throw new UsageException("# remembers a line in AGENTS.md: write it behind the #.");

        var file = Path.Combine(surroundings.Folder, "AGENTS.md");
        var before = File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : "";
        await File.AppendAllTextAsync(file, $"{(before.Length > 0 && !before.EndsWith('\n') ? "\n" : "")}- {note}\n", new UTF8Encoding(false), cancellationToken);
        view.Note("remembered in AGENTS.md");
    }

    private Session Needed() => talk.Session ?? throw new UsageException("There is no session yet: the first prompt makes one.");
}
