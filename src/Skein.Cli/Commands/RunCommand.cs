using System.CommandLine;
using Skein.Cli.Composition;
using Skein.Core;
using Skein.Core.Agents;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

internal static class RunCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var prompt = new Argument<string[]>("PROMPT") { Description = "What to do; '-' reads it from standard input. Piped input joins it. @PATH and @PATH:10-20 attach a file, or lines of it.", Arity = ArgumentArity.ZeroOrMore };
        var file = new Option<string>("--file", "-f") { Description = "A file whose text joins the prompt.", HelpName = "PATH" };
        var goOn = new Option<bool>("--continue", "-c") { Description = "Go on with the newest session of this folder." };
        var session = Values.SessionOption("--session", "Go on with this session.");
        var agent = new Option<string>("--agent") { Description = "Who works: an agent's name.", HelpName = "AGENT" };
        var model = Values.Model("The model: provider/name, or replay:FILE, which plays what was recorded.", surroundings.Folder);
        var mode = Values.Mode();
        var when = Values.When();
        var effort = Values.Effort();
        var maxCost = Values.Dollars("--max-cost", "End the turn when its calls of the model have cost so many US dollars. The next prompt goes on.");
        var maxSteps = Values.Number("--max-steps", "End the turn after so many calls of the model, 1000 unless the settings say otherwise. The next prompt goes on.");
        var json = new Option<bool>("--json") { Description = "Print the events, one a line, as the API has them." };
        var inProcess = new Option<bool>("--in-process") { Description = "Start no server in the background: this process is the server of the home while it runs." };
        var record = Values.Record(surroundings.Folder);
        var ephemeral = Values.Ephemeral();
        var trust = new Option<bool>("--trust") { Description = "Trust this folder's own settings from now on, as 'skein trust' does." };
        var command = new Command("run", "Give an agent a task, and see it work. A new session, unless told otherwise.")
        {
            prompt, file, goOn, session, agent, model, mode, when, effort, maxCost, maxSteps, json, inProcess, record, ephemeral, trust,
        };

        command.Validators.Add(result =>
        {
            if (result.GetValue(goOn) && result.GetValue(session) is not null)
                result.AddError("--continue and --session exclude each other: one means the newest session, the other names one.");
            if (result.GetValue(ephemeral) && (result.GetValue(goOn) || result.GetValue(session) is not null))
                result.AddError("--ephemeral goes with neither --continue nor --session: a session that is kept cannot go on without being kept.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new RunRequest(
                await Prompt.ReadAsync(surroundings, parsed.GetValue(prompt)!, parsed.GetValue(file), cancellationToken),
                parsed.GetValue(goOn) ? "last" : parsed.GetValue(session),
                parsed.GetValue(agent),
                parsed.GetValue(model),
                parsed.GetValue(mode),
                parsed.GetValue(json),
                parsed.GetValue(inProcess) || parsed.GetValue(ephemeral) || parsed.GetValue(record) is not null,
                parsed.GetValue(ephemeral),
                parsed.GetValue(trust))
            {
                When = parsed.GetValue(when) ?? WhenBusy.Reject,
                Typed = string.Join(' ', parsed.GetValue(prompt)!),
                Effort = parsed.GetValue(effort),
                Limits = new TurnLimits(parsed.GetValue(maxCost), parsed.GetValue(maxSteps)),
            };
            return await new Run(surroundings with { Record = parsed.GetValue(record) }, request).RunAsync(cancellationToken);
        });
        return command;
    }
}

/// <param name="Session">What it is called by; null: a new one.</param>
/// <param name="Ephemeral">Keep nothing; always in process.</param>
/// <param name="Consented">Questions that were answered with yes by the command itself.</param>
internal sealed record RunRequest(
    string Prompt, string? Session, string? Agent, string? Model, PermissionMode? Mode, bool Json, bool InProcess, bool Ephemeral, bool Trust,
    Func<PermissionAsked, bool>? Consented = null)
{
    /// <summary>What of the prompt was typed, and may name files with @.</summary>
    public string Typed { get; init; } = "";

    /// <summary>How much the model thinks, over what settings say.</summary>
    public Effort? Effort { get; init; }

    /// <summary>What it does where a turn runs.</summary>
    public WhenBusy When { get; init; }

    /// <summary>What ends the turn, over what settings say.</summary>
    public TurnLimits Limits { get; init; } = TurnLimits.None;
}
