using System.Text;
using Skein.Core;
using Skein.Core.Events;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>The child of <see cref="KilledWriterTests"/>. It has no folder of its own: nothing is tidied up when it is killed.</summary>
public sealed class KilledWriter
{
    public const string HomeVariable = "SKEIN_TEST_KILLED_HOME";
    public const string Acknowledged = "acknowledged ";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Appends_until_it_is_killed()
    {
        var home = Environment.GetEnvironmentVariable(HomeVariable);
        Assert.SkipWhen(home is null, "This is the child of another test.");
        await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, Cancellation);
        await using var writer = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created()], null, Cancellation);
        await using var output = Console.OpenStandardOutput();
        while (true)
        {
            IReadOnlyList<EventBody> batch = [Some.Titled("a"), Some.Titled(new string('b', 20_000)), Some.Titled("c")];
            var last = (await writer.AppendAsync(batch, null, Cancellation))[^1].Seq;
            await output.WriteAsync(Encoding.UTF8.GetBytes($"{Acknowledged}{writer.Session} {last}\n"), Cancellation);
        }
    }
}
