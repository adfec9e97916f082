namespace Skein.Sandbox.Confining;

/// <summary>Whether and how a program is confined; hooks, servers and agents that are started use the same as commands of the model.</summary>
public sealed class Confinement
{
    private readonly Bubblewrap? _bubblewrap;
    private readonly SandboxPolicy? _policy;

    private Confinement(Bubblewrap? bubblewrap, SandboxPolicy? policy, string? missing) =>
        (_bubblewrap, _policy, Missing) = (bubblewrap, policy, missing);

    /// <summary>None, as the user said.</summary>
    public static Confinement Off { get; } = new(null, null, null);

    /// <summary>Why there is none although there should be; null: there is one, or none is wanted.</summary>
    public string? Missing { get; }

    public bool Holds => _bubblewrap is not null;

    /// <summary>There should be one and cannot be.</summary>
    public static Confinement Unavailable(string why) => new(null, null, why);

    /// <summary>In a sandbox; unavailable where the policy would open everything.</summary>
    public static Confinement In(Bubblewrap bubblewrap, SandboxPolicy policy) =>
        policy.Workspace == Path.GetPathRoot(policy.Workspace)
            ? Unavailable("the folder of the session is the root of the file system")
            : new Confinement(bubblewrap, policy, null);

    /// <summary>What must not be there when a program that begins now has ended.</summary>
    public HeldBack HoldBack() => _policy is null ? HeldBack.Nothing : new HeldBack(_policy.Writable.Prepend(_policy.Workspace).Distinct());

    /// <summary>The start of the same program, in the sandbox if there is one.</summary>
    public ChildStart Apply(ChildStart start) => _bubblewrap is null ? start : _bubblewrap.Wrap(start, _policy!);
}
