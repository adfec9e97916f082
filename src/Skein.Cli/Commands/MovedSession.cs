using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>A session that is gone on with from another folder than its own: it follows its project, or its user is told where it works.</summary>
internal static class MovedSession
{
    public static async Task<Session> SettleAsync(SkeinClient client, Session session, Surroundings surroundings, CancellationToken cancellationToken)
    {
        if (session.Workspace == surroundings.Folder)
            return session;

        var now = session.Project is null || session.IsLive
            ? session
            : (await client.MoveAsync(session.Id, new MoveRequest(surroundings.Folder, IfLost: true), cancellationToken)).Session;
        if (now.Workspace != session.Workspace)
            surroundings.Error.WriteLine($"skein: {session.Workspace} is not there any more; the session goes on in {now.Workspace}", Style.Warning);
        else if (!Directory.Exists(session.Workspace))
            surroundings.Error.WriteLine($"skein: {session.Workspace} is not there any more: 'skein move {SessionName.Shorten(session.Id)} FOLDER' tells the session where to go on", Style.Warning);
        return now;
    }
}
