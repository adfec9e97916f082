using Skein.Client;
using Skein.Core;

namespace Skein.Cli.Commands;

/// <summary>A session that was made for a prompt which was then refused: nothing was said in it, and nothing is left of it.</summary>
internal static class MadeInVain
{
    public static async Task TakeBackAsync(SkeinClient client, SessionId session, CancellationToken cancellationToken)
    {
        await client.TrashAsync(session, cancellationToken);
        await client.PurgeAsync(session, cancellationToken);
    }
}
