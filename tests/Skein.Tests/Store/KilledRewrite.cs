using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Skein.Core;
using Skein.Store;

namespace Skein.Tests.Store;

/// <summary>The child of <see cref="KilledRewriteTests"/>: it appends until the catalog is rewritten, and ends there by kill -9.</summary>
public sealed class KilledRewrite
{
    public const string HomeVariable = "SKEIN_TEST_KILLED_HOME";
    public const string WhereVariable = "SKEIN_TEST_KILLED_WHERE";
    /// <summary>The title of the session that has a writer all the time.</summary>
    public const string Held = "held";

    public const int Sessions = 20;
    private const int Rounds = 1000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Appends_until_the_catalog_is_rewritten()
    {
        var (home, where) = (Environment.GetEnvironmentVariable(HomeVariable), Environment.GetEnvironmentVariable(WhereVariable));
        Assert.SkipWhen(home is null || where is null, "This is the child of another test.");
        var disk = new KillingDisk(where);
        await using var store = await EmbeddedStore.OpenAsync(home, new EmbeddedStoreOptions(), TimeProvider.System, disk, Cancellation);
        List<SessionId> sessions = [];
        for (var i = 0; i < Sessions; i++)
        {
            await using var made = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created(title: $"session {i}")], null, Cancellation);
            sessions.Add(made.Session);
        }

        await using var held = await store.CreateAsync(Some.Ids.Next<SessionId>(), [Some.Created(title: Held)], null, Cancellation);
        disk.IsArmed = true;
        for (var round = 0; round < Rounds; round++)
        {
            await using var writer = await store.OpenWriterAsync(sessions[round % Sessions], Cancellation);
            await writer.AppendAsync([Some.Titled($"title {round}")], null, Cancellation);
        }
    }

    /// <summary>The real disk, whose process is killed at one step of the rewrite.</summary>
    private sealed class KillingDisk(string where) : Disk
    {
        private const string Fresh = "catalog.jsonl.new";

        private SafeFileHandle? _fresh;

        public bool IsArmed { get; set; }

        public override SafeFileHandle Create(string path)
        {
            var file = base.Create(path);
            if (path.EndsWith(Fresh, StringComparison.Ordinal))
                _fresh = file;
            KillIf(file == _fresh && where == "created");
            return file;
        }

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            base.Write(file, file == _fresh && IsArmed && where == "half written" ? bytes[..(bytes.Length / 2)] : bytes, offset);
            KillIf(file == _fresh && where is ("half written" or "written"));
        }

        public override void Rename(string from, string to)
        {
            base.Rename(from, to);
            KillIf(from.EndsWith(Fresh, StringComparison.Ordinal) && where == "renamed");
        }

        private void KillIf(bool here)
        {
            if (here && IsArmed)
                Process.GetCurrentProcess().Kill();
        }
    }
}
