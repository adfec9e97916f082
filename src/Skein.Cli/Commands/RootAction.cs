using System.CommandLine;
using Skein.Cli.Composition;
using Skein.Cli.Repl;

namespace Skein.Cli.Commands;

/// <summary>What <c>skein</c> does where no command is named: the REPL where a person sits at a terminal, else help.</summary>
internal static class RootAction
{
    public static void AddTo(RootCommand root, Surroundings surroundings)
    {
        var goOn = new Option<bool>("--continue", "-c") { Description = "Go on with the newest session of this folder." };
        var resume = new Option<string?>("--resume", "-r") { Description = "Go on with this session; alone: choose one.", HelpName = "SESSION", Arity = ArgumentArity.ZeroOrOne };
        resume.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
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
        });
        var agent = new Option<string>("--agent") { Description = "Who works in a new session: an agent's name.", HelpName = "AGENT" };
        var model = Values.Model("The model of a new session: provider/name.", surroundings.Folder);
        var mode = Values.Mode();
        var ephemeral = Values.Ephemeral();
        Option[] all = [goOn, resume, agent, model, mode, ephemeral];
        foreach (var option in all)
            root.Options.Add(option);
        root.Validators.Add(result =>
        {
            if (result.GetValue(goOn) && result.GetResult(resume) is { Implicit: false })
                result.AddError("--continue and --resume exclude each other: one means the newest session, the other names one.");
            if (result.GetValue(ephemeral) && (result.GetValue(goOn) || result.GetResult(resume) is { Implicit: false }))
                result.AddError("--ephemeral goes with neither --continue nor --resume: a session that is kept cannot go on without being kept.");
        });

        root.SetAction(async (parsed, cancellationToken) =>
        {
            var resumes = parsed.GetResult(resume) is { Implicit: false };
            if (surroundings.CanAsk)
            {
                var name = parsed.GetValue(goOn) ? "last" : resumes ? parsed.GetValue(resume) ?? "" : null;
                return await ReplCommand.RunAsync(
                    surroundings, new ReplOptions(name, parsed.GetValue(goOn), parsed.GetValue(agent), parsed.GetValue(model), parsed.GetValue(mode), parsed.GetValue(ephemeral)), cancellationToken);
            }

            if (all.Any(option => parsed.GetResult(option) is { Implicit: false }))
                throw new UsageException("The REPL needs a terminal for input and output: use 'skein run' elsewhere.");
            return new RootHelp().Invoke(parsed);
        });
    }
}
