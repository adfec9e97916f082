using System.Globalization;
using System.Net.Sockets;
using Skein.Client;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.EndToEnd;

/// <summary>More clients than a server may have files open: those that it has no room for are sent away, and its sessions go on.</summary>
public sealed class CrowdedServerTests : IAsyncDisposable
{
    private const int Usual = 200;
    private const int Allowed = 400;
    private const int Sessions = 6;

    private readonly User _user = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _user.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_crowd_takes_half_of_the_files_that_it_may_have_and_keeps_no_session_from_going_on()
    {
        Skein.Testing.Requires.Programs("prlimit");
        using var server = _user.StartOther("prlimit", string.Create(CultureInfo.InvariantCulture, $"--nofile={Usual}:{Allowed}"), PublishedProgram.Path, "serve");
        await _user.UntilServedAsync();
        var socket = (await _user.JsonAsync("status")).GetProperty("socket").GetString()!;
        await using var client = SkeinClient.ForSocket(socket);
        var followed = new List<(SessionId Session, IAsyncEnumerator<FeedFrame> Frames)>();
        for (var i = 0; i < Sessions; i++)
        {
            var session = (await client.CreateAsync(new NewSession(_user.Project, Model: _user.Script("First.", "Second.")), Cancellation)).Session.Id;
            followed.Add((session, client.FollowAsync(session, 0, Cancellation).GetAsyncEnumerator(Cancellation)));
            await TurnAsync(client, followed[i]);
        }

        // Each follower keeps a connection; this one leaves another for what is asked in between.
        await client.GetHealthAsync(Cancellation);
        await using (var crowd = new Crowd(socket))
        {
            await crowd.GatherAsync(Allowed, sentAway: Allowed / 2);
            foreach (var one in followed)
            {
                await TurnAsync(client, one);
                Assert.Equal(4, (await client.ListMessagesAsync(one.Session, null, 10, Cancellation)).Items.Count);
            }
        }

        foreach (var one in followed)
            await one.Frames.DisposeAsync();
        Assert.Contains("6 sessions", (await _user.GoodAsync("doctor")).Out, StringComparison.Ordinal);
    }

    private static async Task TurnAsync(SkeinClient client, (SessionId Session, IAsyncEnumerator<FeedFrame> Frames) followed)
    {
        await client.PromptAsync(followed.Session, new PromptRequest("Honk."), Cancellation);
        while (await followed.Frames.MoveNextAsync())
        {
            if (followed.Frames.Current is EventFrame { Event.Body: TurnCompleted or TurnFailed } ended)
            {
                Assert.IsType<TurnCompleted>(ended.Event.Body);
                return;
            }
        }
    }

    /// <summary>Connections over which nothing is asked.</summary>
    private sealed class Crowd(string path) : IAsyncDisposable
    {
        private readonly List<Socket> _members = [];
        private readonly List<Task<int>> _ends = [];

        public async Task GatherAsync(int count, int sentAway)
        {
            for (var i = 0; i < count; i++)
            {
                var member = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                _members.Add(member);
                await member.ConnectAsync(new UnixDomainSocketEndPoint(path), Cancellation);
                _ends.Add(member.ReceiveAsync(new byte[1], Cancellation).AsTask());
            }

            var left = _ends.ToList();
            for (var i = 0; i < sentAway; i++)
                left.Remove(await Task.WhenAny(left));
        }

        public async ValueTask DisposeAsync()
        {
            _members.ForEach(static member => member.Dispose());
            await Task.WhenAll(_ends).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }
}
