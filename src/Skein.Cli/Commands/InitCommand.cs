using System.CommandLine;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Cli.Takeover;
using Skein.Core.Events;

namespace Skein.Cli.Commands;

internal static class InitCommand
{
    private const string FileName = "AGENTS.md";

    private static readonly (string Word, ForeignAgent Agent)[] s_agents =
        [("claude", ForeignAgent.Claude), ("codex", ForeignAgent.Codex), ("opencode", ForeignAgent.OpenCode)];

    public static Command Create(Surroundings surroundings)
    {
        var agent = new Option<string>("--agent") { Description = "Who writes it: an agent's name.", HelpName = "AGENT" };
        var model = Values.Model("The model: provider/name.", surroundings.Folder);
        var yes = new Option<bool>("--yes", "-y") { Description = $"Write {FileName}, or what is taken over, without being asked." };
        var from = Values.Word("--from", "AGENT", "Run no agent, but take over what another one's settings say, as a diff that is asked about: claude, codex or opencode.", s_agents);
        var user = new Option<bool>("--user") { Description = "With --from: your own settings there, for your own here, not this project's." };
        var command = new Command("init", $"Have the agent look at this project and write {FileName}, what agents should know who work here; or, with --from, take over another agent's settings. Fails if it was not written.") { agent, model, from, user, yes };
        command.Validators.Add(result =>
        {
            if (result.GetResult(from) is null && result.GetValue(user))
                result.AddError("--user is for --from.");
            else if (result.GetResult(from) is not null && (result.GetValue(agent) ?? result.GetValue(model)) is not null)
                result.AddError("--from runs no agent: --agent and --model are not for it.");
        });

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(from) is { } other)
                return await new SettingsTakeover(surroundings, other, parsed.GetValue(user), parsed.GetValue(yes)).RunAsync(cancellationToken);

            var path = Path.Combine(surroundings.Folder, FileName);
            var before = await ReadAsync(path, cancellationToken);
            var request = new RunRequest(
                PromptText(), null, parsed.GetValue(agent), parsed.GetValue(model), PermissionMode.Ask, Json: false, InProcess: false, Ephemeral: false, Trust: false,
                parsed.GetValue(yes) ? IsAboutTheFile : null);
            var code = await new Run(surroundings, request).RunAsync(cancellationToken);
            if (code != CommandLine.Good)
                return code;

            var after = await ReadAsync(path, cancellationToken);
            if (!string.IsNullOrWhiteSpace(after) && after != before)
            {
                surroundings.Out.WriteLine($"{(before is null ? "Wrote" : "Changed")} {FileName}, {after.AsSpan().Count('\n')} lines.", Style.Good);
                return CommandLine.Good;
            }

            surroundings.Error.WriteLine(
                before is null ? $"skein: The agent ended without writing {FileName}." : $"skein: The agent ended and left {FileName} as it was.", Style.Bad);
            return CommandLine.Failed;
        });
        return command;
    }

    // Agents ask about this file in every mode, since it tells them what to do: here that is what was asked for.
    private static bool IsAboutTheFile(PermissionAsked asked) =>
        asked is { Tool: "write" or "edit" } && asked.Title == $"{asked.Tool} {FileName}";

    private static async Task<string?> ReadAsync(string path, CancellationToken cancellationToken) =>
        File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : null;

    private static string PromptText()
    {
        using var stream = typeof(InitCommand).Assembly.GetManifestResourceStream("init.md")
            ?? throw new InvalidOperationException("The assembly lacks init.md.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Trim();
    }
}
