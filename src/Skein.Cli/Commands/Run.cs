using Skein.Agent;
using Skein.Agent.Settings;
using Skein.Cli.Background;
using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Cli.Commands;

/// <summary>One prompt to one session, and all that comes of it.</summary>
internal sealed class Run(Surroundings surroundings, RunRequest request)
{
    private readonly TurnScreen _screen = new(surroundings.Out, surroundings.Activity, showPrompts: false);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var ephemeral = request.Ephemeral ? EphemeralHome.Make(surroundings) : null;
        var home = ephemeral?.Home ?? SkeinHome.Of(surroundings);
        var settings = await FolderTrust.SettleAsync(surroundings, home, request.Trust, cancellationToken);
        if (!request.InProcess)
            await Renewal.EnsureAsync(surroundings, cancellationToken);
        await using var local = request.InProcess ? await InProcess.StartAsync(home, surroundings, cancellationToken) : null;
        await using var client = local is null
            ? await Servers.FindOrStartAsync(surroundings, cancellationToken)
            : Servers.Connect(local.Info, surroundings);

        var began = surroundings.Time.GetTimestamp();
        var session = await OpenAsync(client, home, settings, cancellationToken);
        if ((request.Mode ?? session.Mode) == PermissionMode.Auto)
            surroundings.Error.WriteLine($"skein: mode auto: {await SandboxAsync(home, session, cancellationToken)}", Style.Warning);

        var options = request.Session is null ? (null, null, null) : (request.Agent, request.Model, request.Mode);
        var prompt = new PromptRequest(
            request.Prompt, When: request.When, Agent: options.Agent, Model: options.Model, Mode: options.Mode, MaxCost: request.Limits.MaxCost, MaxSteps: request.Limits.MaxSteps, Effort: request.Effort);
        var attached = await new AttachedFiles(client, SkeinHome.Of(surroundings), surroundings.Folder).AddToAsync(
            prompt, request.Typed, problem => surroundings.Error.WriteLine($"skein: {problem}", Style.Warning), cancellationToken);
        var accepted = await PromptAsync(client, session, attached, cancellationToken);
        var code = await FollowAsync(client, session, accepted, cancellationToken);
        if (!request.Json)
            await ShowSummaryAsync(client, session, surroundings.Time.GetElapsedTime(began), cancellationToken);
        return code;
    }

    private async Task<string> SandboxAsync(SkeinHome home, Session session, CancellationToken cancellationToken)
    {
        using var all = new HomeSettings(home, surroundings);
        return await all.IsDrivenAsync(session.Agent, cancellationToken)
            ? $"whatever {session.Agent} asks is allowed"
            : await new Sandboxes(home, all, surroundings).DescribeAsync(session.Workspace, cancellationToken);
    }

    private async Task<Session> OpenAsync(SkeinClient client, SkeinHome home, SkeinSettings settings, CancellationToken cancellationToken)
    {
        if (request.Session is null)
        {
            // The server knows the user's settings; those of this folder are known here.
            using var all = new HomeSettings(home, surroundings);
            var model = request.Model ?? await all.ModelForAsync(request.Agent, settings, cancellationToken);
            var wanted = new NewSession(surroundings.Folder, request.Agent ?? settings.Agent, model, request.Mode ?? settings.Mode);
            return (await client.CreateAsync(wanted, cancellationToken)).Session;
        }

        var id = await SessionName.ResolveAsync(client, request.Session, surroundings.Folder, cancellationToken);
        return await MovedSession.SettleAsync(client, (await client.GetAsync(id, cancellationToken)).Session, surroundings, cancellationToken);
    }

    private async Task<PromptAccepted> PromptAsync(SkeinClient client, Session session, PromptRequest prompt, CancellationToken cancellationToken)
    {
        try
        {
            return await client.PromptAsync(session.Id, prompt, cancellationToken);
        }
        catch (InvalidRequestException) when (request.Session is null)
        {
            await MadeInVain.TakeBackAsync(client, session.Id, cancellationToken);
            if (session is { Model: null, Agent: SkeinAgent.Name })
                throw new UsageException(ModelGuide.Title) { Advice = ModelGuide.Lines };
            throw;
        }
    }

    private async Task<int> FollowAsync(SkeinClient client, Session session, PromptAccepted accepted, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var prompted = session with { Agent = request.Agent ?? session.Agent, Mode = request.Mode ?? session.Mode };
        await using var desk = new PermissionDesk(client, prompted, surroundings, refuse: true, request.Consented);
        await using var interrupt = new TurnInterrupt(client, session.Id, surroundings, leaving, request.InProcess);

        // A new session's own beginning belongs to its events; one that goes on begins where it was.
        var after = request is { Json: true, Session: null } ? 0 : session.Seq;
        var turn = accepted.Turn;
        var isToldInstead = false;
        await foreach (var frame in client.FollowAsync(session.Id, after, leaving.Token))
        {
            Show(frame);
            if (frame is not EventFrame { Event: { Body: var body, More: var more } })
                continue;

            await desk.SeeAsync(body, leaving.Token);
            switch (body)
            {
                case PromptWithdrawn gone when gone.Turn == turn && more:
                    isToldInstead = true;
                    break;
                case PromptSteered told when isToldInstead:
                    (turn, isToldInstead) = (told.Turn, false);
                    break;
                case PromptWithdrawn gone when gone.Turn == turn:
                    surroundings.Error.WriteLine("skein: the prompt was taken back before its turn began.");
                    return CommandLine.Interrupted;
                case TurnCompleted ended when ended.Turn == turn:
                    return CommandLine.Good;
                case TurnFailed ended when ended.Turn == turn:
                    return CommandLine.Failed;
                case TurnInterrupted ended when ended.Turn == turn:
                    return CommandLine.Interrupted;
            }
        }

        return CommandLine.Interrupted;
    }

    private void Show(FeedFrame frame)
    {
        if (!request.Json)
            _screen.Show(frame);
        else if (frame is EventFrame { Event: var e })
            surroundings.Out.WriteJsonLine(EventLines.Of(e));
    }

    private async Task ShowSummaryAsync(SkeinClient client, Session before, TimeSpan took, CancellationToken cancellationToken)
    {
        var session = (await client.GetAsync(before.Id, cancellationToken)).Session;
        var usage = new Usage(
            session.Usage.Input - before.Usage.Input,
            session.Usage.Output - before.Usage.Output,
            session.Usage.Reasoning - before.Usage.Reasoning,
            session.Usage.CacheRead - before.Usage.CacheRead,
            session.Usage.CacheWrite - before.Usage.CacheWrite);
        var spent = $"{Words.Of(usage)} · {Spans.Took(took)}";
        surroundings.Error.WriteLine(
            (surroundings.Out.IsTerminal ? "\n" : "")
            + (request.Ephemeral ? $"{spent} · nothing of it was kept" : $"{session.Id} · {spent} · go on: skein run -s {SessionName.Shorten(session.Id)} \"…\""),
            Style.Dim);
    }
}
