using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Skein.Agent.Providers;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>Options and arguments that several commands have, with the rules of their values.</summary>
internal static class Values
{
    private static readonly (string Word, PermissionMode Mode)[] s_modes =
        [("ask", PermissionMode.Ask), ("plan", PermissionMode.Plan), ("edits", PermissionMode.Edits), ("auto", PermissionMode.Auto)];

    public static readonly (string Word, WhenBusy When)[] Whens =
        [("reject", WhenBusy.Reject), ("queue", WhenBusy.Queue), ("steer", WhenBusy.Steer), ("interrupt", WhenBusy.Interrupt)];

    private static readonly (string Word, Effort Effort)[] s_efforts =
        [("none", Core.Effort.None), ("low", Core.Effort.Low), ("medium", Core.Effort.Medium), ("high", Core.Effort.High), ("max", Core.Effort.Max)];

    public static readonly (string Word, SessionStatus Status)[] Statuses =
    [
        ("idle", SessionStatus.Idle), ("running", SessionStatus.Running), ("waiting", SessionStatus.Waiting),
        ("interrupted", SessionStatus.Interrupted), ("error", SessionStatus.Error),
    ];

    public static readonly (string Word, Role Role)[] Roles =
        [("user", Core.Role.User), ("assistant", Core.Role.Assistant), ("system", Core.Role.System), ("tool", Core.Role.Tool)];

    public static Option<bool> ForceFiles() => new("--force") { Description = "With --files: also if somebody else changed files since. What they are now is kept." };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for programs." };

    public static Option<bool> NoPager() => new("--no-pager") { Description = "Also a long text is written as it is, not shown in $PAGER (less -R)." };

    public static Option<bool> Ephemeral() => new("--ephemeral") { Description = "Keep nothing of it: no server, no session, no log. Your keys and trusted folders count." };

    public static Option<string?> Model(string description, string folder) => new("--model", "-m")
    {
        Description = description,
        HelpName = "PROVIDER/MODEL",
        CustomParser = result => result.Tokens[0].Value is var name && name.StartsWith(ModelCatalog.Replayed, StringComparison.Ordinal)
            ? ModelCatalog.Replayed + Path.GetFullPath(name[ModelCatalog.Replayed.Length..], folder)
            : name,
    };

    public static Option<string?> Record(string folder) => new("--record")
    {
        Description = "Write what is said to providers and by them to a new file, without keys; '--model replay:FILE' plays it. No server in the background has part in it.",
        HelpName = "FILE",
        CustomParser = result => Path.GetFullPath(result.Tokens[0].Value, folder),
    };

    public static Option<PermissionMode?> Mode() =>
        Word("--mode", "MODE", "What the agent may do unasked: ask, plan (only read), edits or auto (all; commands in the sandbox).", s_modes);

    public static Option<WhenBusy?> When() =>
        Word("--when", "WHEN", "What to do where a turn runs: reject (the default), queue (wait for its end), steer (tell it, at its next step), or interrupt (end it first).", Whens);

    public static Option<Effort?> Effort() =>
        Word("--effort", "EFFORT", "How much the model thinks: none, low, medium, high or max. Without it, as the settings or the model have it.", s_efforts);

    public static Option<SessionStatus?> Status() =>
        Word("--status", "STATUS", "Only sessions that are idle, running, waiting, interrupted or error.", Statuses);

    /// <summary>One of some words.</summary>
    public static Option<T?> Word<T>(string name, string helpName, string description, (string Word, T Value)[] words) where T : struct => new Option<T?>(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            var given = result.Tokens[0].Value;
            foreach (var (word, value) in words)
            {
                if (word == given)
                    return value;
            }

            return Refuse<T?>(result, $"{name} {given}: it must be one of {string.Join(", ", words.Select(w => w.Word))}.");
        },
    }.Completed(words.Select(w => w.Word));

    /// <summary>Some of some words, with commas between them.</summary>
    public static Option<T[]> Words<T>(string name, string helpName, string description, (string Word, T Value)[] words) where T : struct => new Option<T[]>(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            var values = new List<T>();
            foreach (var given in result.Tokens.SelectMany(static t => t.Value.Split(',')))
            {
                var at = Array.FindIndex(words, w => w.Word == given);
                if (at < 0)
                    return Refuse<T[]>(result, $"{name} {given}: it must be one of {string.Join(", ", words.Select(w => w.Word))}.");
                values.Add(words[at].Value);
            }

            return [.. values];
        },
    }.Completed(words.Select(w => w.Word));

    // What the type alone would offer are the names of our own types.
    private static Option<T> Completed<T>(this Option<T> option, IEnumerable<string> words)
    {
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. words]);
        return option;
    }

    public static Option<Role?> Role() =>
        Word("--role", "ROLE", "Only what this one said: user, assistant, system, or tool (the tools' outputs).", Roles);

    public static Option<DateTimeOffset?> Since(string name, string description, TimeProvider time) => new(name)
    {
        Description = description,
        HelpName = "WHEN",
        CustomParser = result => Commands.Since.TryParse(result.Tokens[0].Value, time, out var instant)
            ? instant
            : Refuse<DateTimeOffset?>(result, $"{name} {result.Tokens[0].Value}: {Commands.Since.Rule}."),
    };

    public static Option<int> Limit(string name, string description, int usual) => new(name)
    {
        Description = $"{description} 1 to 1000.",
        HelpName = "N",
        DefaultValueFactory = _ => usual,
        CustomParser = result => int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= 1000
            ? value
            : Refuse<int>(result, $"{name} {result.Tokens[0].Value}: it must be a number from 1 to 1000."),
    };

    /// <summary>An amount of money that is more than nothing.</summary>
    public static Option<decimal?> Dollars(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "USD",
        CustomParser = result => decimal.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : Refuse<decimal?>(result, $"{name} {result.Tokens[0].Value}: it must be US dollars, more than 0, as 0.5."),
    };

    /// <summary>Something that is counted from 1.</summary>
    public static Option<int?> Number(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1
            ? value
            : Refuse<int?>(result, $"{name} {result.Tokens[0].Value}: it must be a number, 1 or more."),
    };

    public static Option<long?> After() => new("--after")
    {
        Description = "Show everything after this sequence, as a program that comes back does; 0 is the whole session.",
        HelpName = "SEQ",
        CustomParser = result => long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : Refuse<long?>(result, $"--after {result.Tokens[0].Value}: it must be a sequence, 0 or more."),
    };

    /// <summary>A session that must be named.</summary>
    public static Argument<string> Session() => Named(new Argument<string>("SESSION"));

    /// <summary>A session; the newest of this folder where none is named.</summary>
    public static Argument<string> SessionOrLast()
    {
        var argument = Named(new Argument<string>("SESSION"));
        argument.DefaultValueFactory = _ => "last";
        return argument;
    }

    public static Argument<string[]> SeveralSessions() => Several(ArgumentArity.OneOrMore);

    /// <summary>One or several sessions; the newest of this folder where none is named.</summary>
    public static Argument<string[]> SeveralSessionsOrLast()
    {
        var argument = Several(ArgumentArity.ZeroOrMore);
        argument.DefaultValueFactory = _ => ["last"];
        return argument;
    }

    /// <summary>Sessions that may be named.</summary>
    public static Argument<string[]> Sessions(string description)
    {
        var argument = Several(ArgumentArity.ZeroOrMore);
        argument.Description = $"{description}: {SessionName.Rule}.";
        return argument;
    }

    private static Argument<string[]> Several(ArgumentArity arity)
    {
        var argument = new Argument<string[]>("SESSION") { Arity = arity };
        argument.Description = $"Which: {SessionName.Rule}.";
        argument.Validators.Add(result => CheckAll(result, result.Tokens));
        return argument;
    }

    public static Option<string> SessionOption(string name, string description)
    {
        var option = new Option<string>(name, "-s") { Description = description, HelpName = "SESSION" };
        option.Validators.Add(result => CheckAll(result, result.Tokens));
        return option;
    }

    private static Argument<string> Named(Argument<string> argument)
    {
        argument.Description = $"Which: {SessionName.Rule}.";
        argument.Validators.Add(result => CheckAll(result, result.Tokens));
        return argument;
    }

    private static void CheckAll(SymbolResult result, IReadOnlyList<Token> tokens)
    {
        foreach (var token in tokens)
        {
            try
            {
                SessionName.Check(token.Value);
            }
            catch (UsageException e)
            {
                result.AddError(e.Message);
            }
        }
    }

    private static T? Refuse<T>(ArgumentResult result, string why)
    {
        result.AddError(why);
        return default;
    }
}
