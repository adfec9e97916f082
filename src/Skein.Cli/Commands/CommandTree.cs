using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Skein.Cli.Composition;

namespace Skein.Cli.Commands;

/// <summary>All commands. One that is named by the first argument is made alone: the others cost time at every start.</summary>
internal static class CommandTree
{
    /// <summary>Every command has it.</summary>
    public const string NoColor = "--no-color";

    private static readonly (string Name, Func<Surroundings, Command> Create)[] s_commands =
    [
        ("run", RunCommand.Create),
        ("attach", AttachCommand.Create),
        ("ls", LsCommand.Create),
        ("show", ShowCommand.Create),
        ("rename", RenameCommand.Create),
        ("move", MoveCommand.Create),
        ("search", SearchCommand.Create),
        ("cost", CostCommand.Create),
        ("fork", ForkCommand.Create),
        ("merge", MergeCommand.Create),
        ("diff", DiffCommand.Create),
        ("rewind", RewindCommand.Create),
        ("unrewind", UnrewindCommand.Create),
        ("compact", CompactCommand.Create),
        ("queue", QueueCommand.Create),
        ("export", ExportCommand.Create),
        ("import", ImportCommand.Create),
        ("archive", KeepingCommands.CreateArchive),
        ("unarchive", KeepingCommands.CreateUnarchive),
        ("pin", KeepingCommands.CreatePin),
        ("unpin", KeepingCommands.CreateUnpin),
        ("trash", TrashCommand.Create),
        ("restore", KeepingCommands.CreateRestore),
        ("gc", GcCommand.Create),
        ("serve", ServeCommand.Create),
        ("status", StatusCommand.Create),
        ("stop", StopCommand.Create),
        ("trust", TrustCommand.Create),
        ("permissions", PermissionsCommand.Create),
        ("project", ProjectCommand.Create),
        ("models", ModelsCommand.Create),
        ("agents", AgentsCommand.Create),
        ("skills", SkillsCommand.Create),
        ("commands", CommandsCommand.Create),
        ("init", InitCommand.Create),
        ("mcp", McpCommand.Create),
        ("auth", AuthCommand.Create),
        ("config", ConfigCommand.Create),
        ("doctor", DoctorCommand.Create),
        ("du", DuCommand.Create),
        ("completion", CompletionCommand.Create),
        ("demo", DemoCommand.Create),
    ];

    public static IEnumerable<string> Names => s_commands.Select(c => c.Name);

    public static string Version { get; } =
        typeof(CommandTree).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static RootCommand For(string[] args, Surroundings surroundings)
    {
        var root = new RootCommand("The session server for coding agents: every conversation is a durable thread that outlives its terminal.");
        root.Options.Add(new Option<bool>(NoColor) { Description = "No colours, as NO_COLOR in the environment says it.", Recursive = true });
        var chosen = args.Length == 0 ? -1 : Array.FindIndex(s_commands, c => c.Name == args[0]);
        if (chosen >= 0)
        {
            root.Subcommands.Add(s_commands[chosen].Create(surroundings));
        }
        else
        {
            foreach (var (_, create) in s_commands)
                root.Subcommands.Add(create(surroundings));
        }

        foreach (var option in root.Options)
        {
            if (option is VersionOption)
                option.Action = new VersionAction(surroundings);
            else if (option is HelpOption)
            {
                option.Action = new RootHelp();

                // 'skein run /h' calls the command h.
                option.Aliases.Remove("/h");
                option.Aliases.Remove("/?");
            }
        }

        if (chosen < 0)
            RootAction.AddTo(root, surroundings);
        return root;
    }

    private sealed class VersionAction(Surroundings surroundings) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            surroundings.Out.WriteLine($"skein {Version}");
            return CommandLine.Good;
        }
    }
}
