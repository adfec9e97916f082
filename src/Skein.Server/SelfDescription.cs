using Skein.Core.Protocol;

namespace Skein.Server;

/// <summary>What the server tells about itself. Its addresses are known once it listens, which may be a moment after the first request.</summary>
internal sealed class SelfDescription(string version)
{
    private readonly TaskCompletionSource<ServerInfo> _info = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Version { get; } = version;

    public Task<ServerInfo> Info => _info.Task;

    public void Complete(ServerInfo info) => _info.SetResult(info);
}
