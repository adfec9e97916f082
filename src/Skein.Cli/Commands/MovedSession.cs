using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>A session that is gone on with from another folder than its own: it follows its project, or its user is told where it works.</summary>
internal static class MovedSession
{
    public static Task<Session> SettleAsync(SkeinClient client, Session session, Surroundings surroundings, CancellationToken cancellationToken) =>
        SettleAsync(client, session, surroundings.Folder, told => surroundings.Error.WriteLine($"skein: {told}", Style.Warning), cancellationToken);

    /// <param name="tell">Is told, in one sentence, what became of it.</param>
    public static async Task<Session> SettleAsync(SkeinClient client, Session session, string folder, Action<string> tell, CancellationToken cancellationToken)
    {
        if (session.Workspace == folder)
            return session;

        var now = session.Project is null || session.IsLive
            ? session
            : (await client.MoveAsync(session.Id, new MoveRequest(folder, IfLost: true), cancellationToken)).Session;
        if (now.Workspace != session.Workspace)
            tell($"{session.Workspace} is not there any more; the session goes on in {now.Workspace}");
        else if (!Directory.Exists(session.Workspace))
            tell($"{session.Workspace} is not there any more: 'skein move {SessionName.Shorten(session.Id)} FOLDER' tells the session where to go on");
        return now;
    }
}
