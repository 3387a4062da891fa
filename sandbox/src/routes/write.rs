//! Creating and replacing objects.

use serde_json::Value;

use super::{Call, Reply};
use crate::{
    apply::Operation,
    object::{self, name},
    review,
    status::Status,
    storage::Store,
    token_request,
};

impl Call<'_> {
    pub(super) fn create(&self, store: &mut Store) -> Result<Reply, Status> {
        let mut new = self.body()?;
        if self.kind.virtual_ {
            let (authenticator, kind) = (&self.plane.authenticator, &self.kind.kind);
            let review = review::create(authenticator, store, self.user, kind, new, self.now)?;
            return Ok(Reply::json(201, &review));
        }
        self.check_unknown_fields(&new)?;
        let metadata = object::child(&mut new, "metadata");
        let prefix = metadata.get("generateName").and_then(Value::as_str);
        if let (None, Some(prefix)) = (metadata.get("name"), prefix) {
            let name = format!("{prefix}{}", object::random_suffix(5));
            metadata.insert("name".to_owned(), name.into());
        }
        let key = self.key_of(name(&new));
        self.check_namespace(store)?;
        let there = store.get(&key).map(|_| key.name.clone());
        let stored = self.keep(store, key, None, new, Operation::Update)?;
        // An object that is not valid is refused as such first; what was kept goes with the error.
        match there {
            Some(name) => Err(Status::already_exists(&self.kind, &name)),
            None => Ok(Reply::json(201, &stored)),
        }
    }

    pub(super) fn update(&self, store: &mut Store) -> Result<Reply, Status> {
        let new = self.body()?;
        self.check_name(&new)?;
        self.check_unknown_fields(&new)?;
        let live = store.get(&self.key()).cloned();
        let live = live.ok_or_else(|| Status::not_found(&self.kind, self.target.name))?;
        let stored = self.keep(store, self.key(), Some(&live), new, Operation::Update)?;
        Ok(Reply::ok(&stored))
    }

    pub(super) fn token(&self, store: &Store) -> Result<Reply, Status> {
        let account = store.get(&self.key());
        let account = account.ok_or_else(|| Status::not_found(&self.kind, self.target.name))?;
        let signer = &self.plane.authenticator.signer;
        let request = self.request.decode()?;
        let issued = token_request::create(signer, store, account, &request, self.now)?;
        Ok(Reply::json(201, &issued))
    }
}
