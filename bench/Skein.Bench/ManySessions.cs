using System.Globalization;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Bench;

/// <summary>Makes homes of many sessions, through the store and without its flushes.</summary>
internal static class ManySessions
{
    public static string Folder(int number) => string.Create(CultureInfo.InvariantCulture, $"/home/somebody/projects/project-{number}");

    /// <summary>Sessions of one prompt each, spread over folders.</summary>
    public static Task FillAsync(string home, int sessions, int folders, CancellationToken cancellationToken) =>
        FillAsync(home, sessions, i => Folder(i % folders), cancellationToken);

    public static async Task FillAsync(string home, int sessions, Func<int, string> folderOf, CancellationToken cancellationToken)
    {
        await MakeAsync(home, sessions, folderOf, cancellationToken);
        await Backlog.WriteAsync(cancellationToken);
    }

    private static async Task MakeAsync(string home, int sessions, Func<int, string> folderOf, CancellationToken cancellationToken)
    {
        await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(Durability.Relaxed), TimeProvider.System, cancellationToken);
        var ids = new IdSource(TimeProvider.System);
        await Parallel.ForAsync(0, sessions, cancellationToken, async (i, token) =>
        {
            var prompt = string.Create(CultureInfo.InvariantCulture, $"Session number {i} about geese");
            var created = new SessionCreated(folderOf(i), "skein", "scripted/geese", PermissionMode.Ask, null, "here");
            var said = new MessageAdded(ids.Next<MessageId>(), Role.User, MessageStatus.Completed, 1, [new MessagePart(ids.Next<PartId>(), new TextPart(prompt))]);
            await using var writer = await store.CreateAsync(ids.Next<SessionId>(), [created, said], null, token);
        });
    }
}
